import { drawLines } from './chart.js';
import { byId, count, duration, makeScrollable, setClass, setList, setTable, setText } from './parts.js';
import { act, ask, followFallback, showMoves } from './steer.js';

/** Without news for so long, the figures are marked as old. */
const STALE_MS = 20_000;

const token = takeToken();
let latest;
let failure;
let heardAtMs = Date.now();

makeScrollable();
listen();
setInterval(showAge, 1_000);
byId('copy').addEventListener('click', copyCommand);
byId('fallback').addEventListener('click', fallBack);
byId('list-held').addEventListener('click', listHeld);

/** The token comes in the address once, and stays in this tab: the address can be shown then. */
function takeToken() {
  const given = location.hash.slice(1);
  if (given !== '') {
    sessionStorage.setItem('token', given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem('token') ?? '';
}

function listen() {
  const events = new EventSource(`/events?token=${encodeURIComponent(token)}`);
  events.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    heardAtMs = Date.now();
    failure = event.failure;
    if (event.view) {
      latest = event.view;
      show(latest);
    }
    showAge();
  };
  // The browser tries again by itself; if the token is refused it does not, and the age says so.
  events.onerror = showAge;
}

function showAge() {
  const silentMs = Date.now() - heardAtMs;
  const isLost = failure !== undefined || silentMs > STALE_MS;
  setClass('live', isLost ? 'lost' : '');
  if (failure !== undefined) return setText('live', `Cannot be read: ${failure}`);
  if (latest === undefined) {
    return setText('live', silentMs > 3_000 ? 'No answer. Open the address that the command printed.' : 'Connecting …');
  }
  const mode = latest.isReadOnly ? 'read-only' : 'live';
  setText('live', isLost ? `No news for ${duration(silentMs)}` : `${mode} · ${latest.at.slice(11, 19)} UTC`);
}

function show(view) {
  const nowMs = Date.parse(view.at);
  setText('environment', view.environment);
  document.title = `${view.position.step} · ${view.environment} · kpi-migrate`;
  byId('fallback').disabled = view.isReadOnly;
  setList(
    'steps',
    view.steps.map(({ name }) => name),
    (at) => view.steps[at].state,
  );
  setText('says', view.position.says);
  setText('since', view.position.since ? `for ${duration(nowMs - Date.parse(view.position.since))}` : '');
  setText('command', view.position.next.command);
  setText('why', view.position.next.why);
  showStreams(view);
  showBackfill(view.backfill);
  showValidation(view, nowMs);
  showItems(view);
  showReads(view);
}

function showStreams({ streams, history }) {
  setTable(
    'streams',
    ['stream', 'lag', 'lost in'],
    streams.map(({ source, lagMs, boundMs, lostInMs }) => [
      source,
      [lagMs === 0 ? 'none' : duration(lagMs), lagMs > boundMs ? 'bad' : 'good'],
      duration(lostInMs),
    ]),
  );
  drawLines(byId('lag-chart'), {
    timesMs: history.map(({ atMs }) => atMs),
    series: [{ name: 'lag', values: history.map(({ lagMs }) => lagMs) }],
    unit: 'longest lag',
    format: duration,
  });
}

function showBackfill({ runBy, scanned, total, ratePerSecond, etaMs, rows, passes, unfinished, used }) {
  byId('copied').max = Math.max(total, 1);
  byId('copied').value = Math.min(scanned, total);
  const rate = ratePerSecond === undefined ? '' : ` · ${count(ratePerSecond)}/s · ${duration(etaMs)} left`;
  const who = runBy === undefined ? '' : ` · ${runBy}`;
  setText('backfill', `${count(scanned)} of about ${count(total)} items, ${count(rows)} rows written${rate}${who}`);
  const expected = used.expectedUnits === undefined ? '' : ` of about ${count(used.expectedUnits)}`;
  setText('used', `${count(used.writeUnits)}${expected} write units: ${used.money}`);
  setTable(
    'passes',
    ['pass', 'looked at', 'state'],
    passes.map(({ pass, done, scanned: looked }) => [pass, count(looked), done ? ['done', 'good'] : 'to do']),
  );
  setText('unfinished', count(unfinished.length));
  setClass('unfinished', unfinished.length > 0 ? 'bad' : 'good');
  setTable(
    'unfinished-items',
    ['item', 'code'],
    unfinished.map(({ kind, id, code }) => [`${kind} ${id}`, code]),
  );
}

const VERDICT_CLASS = { agree: 'good', disagree: 'bad', inconclusive: 'warn' };

function showValidation({ validation, standing, watched }, nowMs) {
  setText('verdict', validation ? validation.verdict.toUpperCase() : 'none yet');
  setClass('verdict', validation ? VERDICT_CLASS[validation.verdict] : '');
  const isOld = validation && (validation.ageMs > validation.ageMaxMs || !validation.isOfThisMapping);
  setText(
    'validation',
    validation
      ? `${duration(validation.ageMs)} old${isOld ? ', too old for the gate' : ''} · ${count(validation.rowsCompared)} rows · ${Math.floor(validation.coverage * 100)} % covered`
      : '',
  );
  setClass('validation', isOld ? 'warn' : '');
  const counts = validation?.counts ?? {};
  const kinds = ['missing', 'extra', 'different', 'inFlight', 'warnings'].filter((kind) => kind in counts);
  setTable(
    'counts',
    kinds.length === 0 ? [] : ['differences', 'rows'],
    kinds.map((kind) => [kind === 'inFlight' ? 'in flight' : kind, count(counts[kind])]),
  );
  setList('reasons', validation?.reasons.slice(0, 3) ?? []);
  const proof = validation?.proof;
  setText(
    'proof',
    proof
      ? `Self-proof: ${count(proof.planted - proof.missed.length)} of ${count(proof.planted)} planted faults found.`
      : '',
  );
  setClass('proof', proof && (proof.planted === 0 || proof.missed.length > 0) ? 'bad' : '');
  const round = standing
    ? `Standing validation: part ${standing.next + 1} of ${standing.parts}, ${count(standing.differing)} differ; last round ended ${standing.lastRoundEndedAt ?? 'never'}.`
    : 'Standing validation: no round yet.';
  const watch = watched
    ? ` Last watch ${duration(nowMs - Date.parse(watched.endedAt))} ago: ${count(watched.rowsDiffering)} differ.`
    : '';
  setText('standing', round + watch);
}

function showItems({ quarantine }) {
  const { total, blocking, held, entries } = quarantine;
  setText('quarantine', `${count(total)}, ${blocking === 0 ? 'none blocks' : `${count(blocking)} block the cutover`}`);
  setClass('quarantine', blocking > 0 ? 'bad' : 'good');
  setText('held', held === undefined ? 'counted by a validation' : `${count(held)} records`);
  setTable(
    'entries',
    ['item', 'reason', 'accepted'],
    entries.map(({ source, id, code, acceptedBy }) => [
      `${source} ${id}`,
      code,
      acceptedBy === undefined ? ['blocks', 'bad'] : [`accepted by ${acceptedBy}`, 'good'],
    ]),
  );
}

function showReads(view) {
  const { reads, history } = view;
  if (reads.unreadable !== undefined) {
    setText('stage', 'unknown');
    return setText('who', reads.unreadable);
  }
  setText('stage', reads.stage === 'new' ? `new ${reads.percent} %` : reads.stage);
  setText('who', `${reads.who}.`);
  const { inProgress, last, counts } = reads;
  byId('rollout').hidden = inProgress === undefined;
  byId('rollout').value = inProgress?.percentageComplete ?? 0;
  setText(
    'deployment',
    inProgress
      ? `Deployment ${inProgress.number} is ${inProgress.state} at ${inProgress.percentageComplete} %, alarms are watched: ${inProgress.who}.`
      : last
        ? `Deployment ${last.number}: ${last.state}${last.completedAt ? ` at ${last.completedAt}` : ''}.`
        : 'Nothing was deployed yet.',
  );
  setText(
    'origins',
    counts
      ? `Answers: ${count(counts.old)} from the old tables, ${count(counts.new)} from the new ones. Compared and different: ${count(counts.differing)}.`
      : 'Answers by origin and comparisons: see the dashboard in CloudWatch.',
  );
  byId('alarms').hidden = view.alarms === undefined;
  if (view.alarms) {
    setText('alarms', view.alarms.says);
    setClass('alarms', view.alarms.isOn ? 'bad' : '');
  }
  drawLines(byId('reads-chart'), {
    timesMs: history.map(({ atMs }) => atMs),
    series: [
      { name: 'old', values: history.map(({ old }) => old) },
      { name: 'new', values: history.map((sample) => sample.new) },
    ],
    unit: 'answers so far',
    format: count,
  });
  const link = byId('dashboard');
  link.hidden = view.dashboardUrl === undefined;
  if (view.dashboardUrl !== undefined) link.href = view.dashboardUrl;
  showMoves(view, token);
  followFallback(view);
}

async function copyCommand() {
  const command = byId('command').textContent;
  try {
    await navigator.clipboard.writeText(command);
    byId('copy').textContent = 'Copied';
  } catch {
    // Without the right to the clipboard it is marked, ready to be copied by hand.
    getSelection().selectAllChildren(byId('command'));
    byId('copy').textContent = 'Marked';
  }
  setTimeout(() => {
    byId('copy').textContent = 'Copy';
  }, 2_000);
}

function fallBack() {
  ask({
    title: 'Fall back?',
    text: 'All reads go back to the old tables at once, and a deployment in progress is stopped. Nothing is lost.',
    label: 'Fall back now',
    isDanger: true,
    run: () => act(token, { action: 'fallback' }),
  });
}

async function listHeld() {
  const button = byId('list-held');
  button.disabled = true;
  const { lines } = await act(token, { action: 'held' });
  byId('held-list').hidden = false;
  setText('held-list', lines.join('\n'));
  button.disabled = false;
}
