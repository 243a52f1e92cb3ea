import { byId, duration, setText } from './parts.js';

/** When this page has fallen back; undefined if it has not. */
let fellBackAtMs;

/** Sends an action with the session's token. What cannot be sent is answered like what is refused. */
export async function act(token, action) {
  try {
    const response = await fetch('/actions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-cockpit-token': token },
      body: JSON.stringify(action),
    });
    const answer = await response.json();
    if (!response.ok) return { isDone: false, lines: [answer.message] };
    if (action.action === 'fallback' && answer.isDone) fellBackAtMs = Date.now();
    return answer;
  } catch (error) {
    return { isDone: false, lines: [`The cockpit does not answer: ${error.message}`] };
  }
}

/** Asks once, does it, and shows the answer. Without `run` it only shows a text. */
export function ask({ title, text, label, isDanger = false, run }) {
  const [dialog, button] = [byId('dialog'), byId('dialog-do')];
  setText('dialog-title', title);
  setText('dialog-text', text);
  button.hidden = run === undefined;
  button.disabled = false;
  button.className = isDanger ? 'danger' : '';
  button.textContent = label ?? '';
  button.onclick = async () => {
    button.disabled = true;
    setText('dialog-text', 'One moment …');
    const { lines } = await run();
    setText('dialog-text', lines.join('\n'));
    button.hidden = true;
    byId('dialog-close').focus();
  };
  byId('dialog-close').onclick = () => dialog.close();
  if (!dialog.open) dialog.showModal();
  (run === undefined ? byId('dialog-close') : button).focus();
}

const MOVES = [
  { label: 'Shadow', stage: 'shadow' },
  { label: 'New 1 %', stage: 'new', percent: 1 },
  { label: 'New 10 %', stage: 'new', percent: 10 },
  { label: 'New 100 %', stage: 'new', percent: 100 },
];

/** A button for each stage that is ahead of the one that is deployed. */
export function showMoves({ reads, isReadOnly }, token) {
  const key = `${reads.stage} ${reads.percent} ${isReadOnly} ${reads.inProgress !== undefined}`;
  const container = byId('move');
  if (container.dataset.key === key) return;
  container.dataset.key = key;
  const ahead = MOVES.filter(({ stage, percent = -1 }) => {
    if (reads.stage === 'old') return true;
    return stage === 'new' && (reads.stage === 'shadow' || percent > reads.percent);
  });
  container.replaceChildren(
    ...ahead.map(({ label, ...move }) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = `${label} …`;
      button.disabled = reads.inProgress !== undefined;
      button.addEventListener('click', () => plan(label, move, token, isReadOnly));
      return button;
    }),
  );
}

/** Shows what the move changes and what the gate says of it; only what it lets pass can be deployed. */
async function plan(label, move, token, isReadOnly) {
  ask({ title: `${label}: what the gate says`, text: 'One moment …' });
  const { isDone, lines } = await act(token, { action: 'stage', ...move, execute: false });
  const text = lines.join('\n');
  if (!isDone || isReadOnly) return ask({ title: `${label}: ${isDone ? 'allowed' : 'refused'}`, text });
  const run = () => act(token, { action: 'stage', ...move, execute: true });
  ask({ title: `${label}: allowed`, text, label: 'Deploy', run });
}

/** After a fallback: until when answers may still come from the new tables, and when the last one came. */
export function followFallback({ reads }) {
  if (fellBackAtMs === undefined) return;
  const { lastNewAnswerAtMs } = reads.counts ?? {};
  const leftMs = fellBackAtMs + reads.pollMs - Date.now();
  const last =
    lastNewAnswerAtMs === undefined
      ? ''
      : ` Last answer of the new tables: ${lastNewAnswerAtMs > fellBackAtMs ? `${duration(lastNewAnswerAtMs - fellBackAtMs)} after the fallback` : 'before the fallback was complete'}.`;
  const until = leftMs > 0 ? `Readers follow within ${duration(leftMs)}.` : 'All readers follow the old tables.';
  setText('who', `Fell back. ${until}${last}`);
}
