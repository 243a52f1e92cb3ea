import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from '@aws-sdk/client-application-auto-scaling';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localClientConfig } from '../backfill/local-endpoint.ts';
import { readSettings } from '../infra/settings-file.ts';
import { OperatorPolicy } from './infra/operator-policies.ts';
import { rightsOf } from './infra/wire-rights.ts';
import { writeSmallExport } from './local/export/small-export.ts';
import { recordingProxy } from './recording-proxy.ts';
import { type LocalCloudProcess, runCli, startLocalCloud } from './run-cli.ts';

const RUNBOOK = readFileSync(join(import.meta.dirname, '../runbook.md'), 'utf8');
const COMMAND = 'npm run -s kpi-migrate -- ';

/** Commands for which the policy `Observe` is enough, as long as they only plan. */
const ONLY_LOOKING =
  / (status|preflight|plan|report|retire|rollback|stage \S+|held list|quarantine (list|show|accept)) /;

/** Commands of the runbook, block by block, with the output that the block after them promises. */
interface Step {
  readonly heading: string;
  readonly commands: readonly string[];
  /** Lines, of which `…` stands for anything. */
  readonly promised: readonly string[];
}

function stepsOf(document: string): Step[] {
  const steps: { heading: string; commands: string[]; promised: string[] }[] = [];
  let heading = '';
  for (const [, title, language, block] of document.matchAll(/^#+ (.*)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    const lines = (block ?? '').split('\n').filter((line) => line !== '');
    if (language === 'sh') steps.push({ heading, commands: lines, promised: [] });
    if (language === 'text') steps.at(-1)?.promised.push(...lines);
  }
  return steps;
}

/** The words of a command line, quotes respected, as the local cloud understands it. */
function wordsOf(command: string): string[] {
  const words = [...command.slice(COMMAND.length).matchAll(/"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  return words.map((word) => (word === 'production' ? 'local' : word));
}

let cloud: LocalCloudProcess;
/** The cloud's endpoints with a proxy before each, which notes what a command asks for. */
const proxied: Record<string, string> = {};
const proxies: Awaited<ReturnType<typeof recordingProxy>>[] = [];
/** The rights that each command has asked for, by its line. */
const asked = new Map<string, Set<string>>();
let running = new Set<string>();
const exported = mkdtempSync(join(tmpdir(), 'runbook-'));

beforeAll(async () => {
  // An eighth of the sample, and the quarantined items that the runbook names.
  await writeSmallExport(exported, 8, new Set(RUNBOOK.match(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g)));
  cloud = await startLocalCloud(['--export', exported]);
  for (const [name, url] of Object.entries(cloud.endpoints)) {
    const proxy = await recordingProxy(url, (call) => {
      for (const right of rightsOf(call)) running.add(right);
    });
    proxies.push(proxy);
    proxied[name] = proxy.url;
  }
  await scaleReads(cloud.endpoints.AWS_ENDPOINT_URL_STS);
}, 120_000);
afterAll(async () => {
  for (const proxy of proxies) await proxy.stop();
  const exited = once(cloud.process, 'exit');
  cloud.process.kill('SIGINT');
  await exited;
  rmSync(exported, { recursive: true });
}, 60_000);

/** Has a table scaled, so that preflight asks for what it is scaled by. */
async function scaleReads(servicesUrl: string): Promise<void> {
  const client = new ApplicationAutoScalingClient(localClientConfig(servicesUrl));
  const target = {
    ServiceNamespace: 'dynamodb',
    ResourceId: `table/${readSettings('local').tables.kpiActuals}`,
    ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
  } as const;
  await client.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 5, MaxCapacity: 50 }));
  client.destroy();
}

/** Runs a command, again while it says that it was stopped before its end (a deployment is in progress). */
async function run(command: string): Promise<{ exitCode: number | null; output: string }> {
  running = asked.get(command) ?? new Set();
  asked.set(command, running);
  for (let attempt = 1; ; attempt += 1) {
    const { exitCode, stdout, stderr } = await runCli(wordsOf(command), proxied);
    if (exitCode !== 3 || attempt === 60) return { exitCode, output: stdout + stderr };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function asPattern(line: string): RegExp {
  const literal = line.split('…').map((part) =>
    part
      .trim()
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\s+/g, '\\s+'),
  );
  return new RegExp(literal.join('[\\s\\S]*'));
}

describe('the runbook', () => {
  const steps = stepsOf(RUNBOOK);

  test('has commands in every phase up to the last', () => {
    const headings = new Set(steps.map(({ heading }) => heading));
    expect(headings.size).toBeGreaterThanOrEqual(7);
    expect(steps.every(({ promised }) => promised.length > 0)).toBe(true);
  });

  test('can be gone through, command by command, with the output it promises', { timeout: 400_000 }, async () => {
    for (const { heading, commands, promised } of steps) {
      let output = '';
      for (const command of commands) {
        expect(command.startsWith(COMMAND), command).toBe(true);
        const ran = await run(command);
        expect(ran, `${heading}: ${command}\n${ran.output}`).toMatchObject({ exitCode: 0 });
        output += ran.output;
      }
      for (const line of promised) expect(output, heading).toMatch(asPattern(line));
    }
  });

  test('asks for no right that the operators’ policies do not give', { timeout: 120_000 }, async () => {
    const observe = new OperatorPolicy('Observe');
    const operate = new OperatorPolicy('Operate');
    // They end with a failure here: DynamoDB Local takes no backups.
    for (const command of ['backup --env production', 'retire --env production']) await run(COMMAND + command);
    expect(asked.size).toBeGreaterThan(20);
    const missing = [...asked].map(([command, rights]) => {
      const mayOnlyLook = ONLY_LOOKING.test(command) && !command.includes('--execute');
      const isGiven = (right: string) => observe.allows(right) || (!mayOnlyLook && operate.allows(right));
      return { command, rights: [...rights].filter((right) => !isGiven(right)) };
    });
    expect(missing.filter(({ rights }) => rights.length > 0)).toEqual([]);
    const ofPreflight = [...(asked.get(`${COMMAND}preflight --env production`) ?? [])];
    for (const right of ['cloudwatch:GetMetricData *', 'application-autoscaling:DescribeScalingPolicies *']) {
      expect(ofPreflight).toContain(right);
    }
    const writing = [...asked.values()].some((rights) => [...rights].some((right) => right.includes('BatchWriteItem')));
    expect(writing).toBe(true);
    expect([...asked.keys()].filter((command) => ONLY_LOOKING.test(command)).length).toBeGreaterThan(6);
  });
});
