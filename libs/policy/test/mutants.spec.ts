/**
 * Plants bugs, one at a time, into a copy of the sources, and shows that the rules over random fleets or the pinned
 * decisions below catch each: the one-word bug of MOM's history first.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import fc from 'fast-check';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GIB, MIB } from '#units';
import type { Policy } from '../src/model/policy.js';
import type { ParameterValues } from '../src/model/parameters.js';
import type { GuestView, HostFigures } from '../src/model/view.js';
import { aGuest, aView, mib, rawSize, stats } from './support/build.js';
import { fleet, parametersOf } from './support/fleets.js';
import { brokenRules } from './support/rules.js';

interface Mutant {
  readonly bug: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const MUTANTS: readonly Mutant[] = [
  {
    bug: "MOM: min for max in the guarantee, the bug of the origin's history",
    file: 'policies/mom.ts',
    from: 'Math.max(floorBytes(guest) / KIB, neededKib)',
    to: 'Math.min(floorBytes(guest) / KIB, neededKib)',
  },
  {
    bug: 'MOM: pressure at the threshold instead of below it',
    file: 'policies/mom.ts',
    from: 'freeRatio >= values.pressureThresholdRatio',
    to: 'freeRatio > values.pressureThresholdRatio',
  },
  {
    bug: 'MOM: the dead band excludes its edge',
    file: 'policies/mom.ts',
    from: '<= minBalloonChangeRatio * sizeKib',
    to: '< minBalloonChangeRatio * sizeKib',
  },
  {
    bug: 'Proxmox: comfortable at a quarter of the minimum',
    file: 'policies/proxmox.ts',
    from: '> guest.minBytes * COMFORT_RATIO',
    to: '>= guest.minBytes * COMFORT_RATIO',
  },
  {
    bug: 'Proxmox: the dead zone excludes its edge',
    file: 'policies/proxmox.ts',
    from: 'Math.abs(goal) <= values.deadZoneBytes',
    to: 'Math.abs(goal) < values.deadZoneBytes',
  },
  {
    bug: 'hypeman: pressure at the watermark instead of below it',
    file: 'policies/headroom-host.ts',
    from: 'availablePercent < values.pressureHighWatermarkAvailablePercent',
    to: 'availablePercent <= values.pressureHighWatermarkAvailablePercent',
  },
  {
    bug: 'vm0: releases at the threshold instead of below it',
    file: 'policies/headroom-guest.ts',
    from: 'available < troubleBytes',
    to: 'available <= troubleBytes',
  },
  {
    bug: 'the floor is not kept',
    file: 'model/finish.ts',
    from: 'const highest = guest.assignedBytes - floorBytes(guest);',
    to: 'const highest = guest.assignedBytes;',
  },
  {
    bug: 'gives first, frees second',
    file: 'model/finish.ts',
    from: 'phase: targetBytes > currentBytes ? 1 : 2',
    to: 'phase: targetBytes > currentBytes ? 2 : 1',
  },
  {
    bug: 'rows are not sorted by phase',
    file: 'model/finish.ts',
    from: 'guests.sort((left, right) => left.phase - right.phase);',
    to: '',
  },
  {
    bug: 'gives what earlier promises have taken already, and more than the host has',
    file: 'model/finish.ts',
    from: 'if (grantedBytes < wantedBytes)',
    to: 'if (grantedBytes > wantedBytes)',
  },
  {
    bug: 'targets are aligned up',
    file: 'model/sizes.ts',
    from: 'return Math.floor(bytes / PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES;',
    to: 'return Math.ceil(bytes / PAGE_SIZE_BYTES) * PAGE_SIZE_BYTES;',
  },
  {
    bug: 'stale one millisecond late',
    file: 'model/screen.ts',
    from: 'stats.ageMs > maxStatsAgeMs',
    to: 'stats.ageMs > maxStatsAgeMs + 1',
  },
  {
    bug: 'migrating guests are moved',
    file: 'model/screen.ts',
    from: 'if (guest.migrating)',
    to: 'if (guest.migrating && guest.shares === 0)',
  },
  {
    bug: 'the step limit is forgotten',
    file: 'model/finish.ts',
    from: 'if (limits.maxStepBytes !== null)',
    to: 'if (limits.maxStepBytes === 0)',
  },
  {
    bug: 'the churn limit counts each guest alone',
    file: 'model/finish.ts',
    from: 'const factor = maxChurnBytes / churn;',
    to: 'const factor = Math.min(1, (maxChurnBytes / churn) * bound.length);',
  },
  {
    bug: 'the idle tax is paid by active pages',
    file: 'policies/esx.ts',
    from: 'return activeRatio + idlePageCost(idleTaxRatio) * (1 - activeRatio);',
    to: 'return idlePageCost(idleTaxRatio) * activeRatio + (1 - activeRatio);',
  },
  {
    bug: 'shares above the bounds are not clamped',
    file: 'arithmetic/fill.ts',
    from: 'return Math.min(Math.max(weight * level, low), high);',
    to: 'return weight * level;',
  },
];

interface Pin {
  readonly policy: string;
  readonly host: Partial<HostFigures>;
  readonly guests: readonly GuestView[];
  readonly parameters?: ParameterValues;
  readonly sizesMib: readonly number[];
}

const momGuest = (overrides: Partial<GuestView>): GuestView => aGuest({ assignedBytes: mib(4000), ...overrides });
const quarterFree = stats({ freeBytes: mib(250), availableBytes: mib(250) });

/** Decisions on a boundary or with one right answer: sizes in MiB, as the policy's own arithmetic has them. */
const PINS: readonly Pin[] = [
  {
    policy: 'mom',
    host: { capacityBytes: mib(10_000), freeBytes: mib(1000) },
    guests: [momGuest({ minBytes: mib(990), balloonTargetBytes: mib(3000), stats: stats({ freeBytes: mib(900) }) })],
    sizesMib: [990],
  },
  {
    policy: 'mom',
    host: { capacityBytes: mib(10_000), freeBytes: mib(2000) },
    guests: [momGuest({ balloonTargetBytes: mib(2000), stats: stats({ freeBytes: mib(1000) }) })],
    sizesMib: [2100],
  },
  {
    policy: 'mom',
    host: { capacityBytes: mib(10_000), freeBytes: mib(1000) },
    guests: [momGuest({ minBytes: mib(3990), balloonTargetBytes: 0, stats: stats({ freeBytes: mib(3000) }) })],
    sizesMib: [4000],
  },
  {
    policy: 'proxmox',
    host: {},
    guests: [
      aGuest({
        id: 'a',
        assignedBytes: mib(2000),
        minBytes: mib(1000),
        balloonTargetBytes: mib(500),
        stats: quarterFree,
      }),
      aGuest({ id: 'b', assignedBytes: mib(2000), minBytes: mib(1000), balloonTargetBytes: mib(500) }),
    ],
    parameters: { goalBytes: -50 * MIB },
    sizesMib: [1500, 1450],
  },
  {
    policy: 'proxmox',
    host: {},
    guests: [aGuest({ assignedBytes: mib(2000), minBytes: mib(1000), balloonTargetBytes: mib(500) })],
    parameters: { goalBytes: -10 * MIB },
    sizesMib: [1500],
  },
  {
    policy: 'headroom',
    host: { capacityBytes: mib(10_000), availableBytes: mib(1000) },
    guests: [aGuest({ assignedBytes: mib(4000) })],
    sizesMib: [4000],
  },
  {
    policy: 'headroom',
    host: {},
    guests: [aGuest({ balloonTargetBytes: mib(512), stats: { ageMs: 0, freeBytes: 0, availableBytes: mib(192) } })],
    parameters: { style: 'vm0' },
    sizesMib: [4096 - 512],
  },
  {
    policy: 'esx',
    host: { capacityBytes: 100 * GIB, availableBytes: 3 * GIB },
    guests: [
      aGuest({ id: 'idle', assignedBytes: 6 * GIB, minBytes: 0, stats: stats({ idleRatio: 1 }) }),
      aGuest({
        id: 'busy',
        assignedBytes: 6 * GIB,
        minBytes: 0,
        balloonTargetBytes: GIB,
        stats: stats({ idleRatio: 0 }),
      }),
    ],
    parameters: { maxBalloonRatio: 1 },
    sizesMib: [2 * 1024, 6 * 1024],
  },
];

/** What is wrong with these policies, or null. */
function findFault(policies: readonly Policy[]): string | null {
  for (const pin of PINS) {
    const plan = policies.find(({ name }) => name === pin.policy)!.plan(aView(pin.host, pin.guests), pin.parameters);
    const sizes = pin.guests.map((guest) => Math.round(rawSize(plan, guest) / MIB));
    if (sizes.join() !== pin.sizesMib.join()) return `${pin.policy}: ${sizes.join()} instead of ${pin.sizesMib.join()}`;
  }
  for (const policy of policies) {
    const broken = fc.check(
      fc.property(fleet, parametersOf(policy), (view, parameters) => {
        return brokenRules(view, policy.plan(view, parameters), parameters).length === 0;
      }),
      { numRuns: 400, seed: 20_260_101, endOnFailure: true },
    );
    if (broken.failed) return `${policy.name} breaks a rule`;
  }
  return null;
}

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));
let folder = '';

/** Compiles the sources, one of them changed, into a folder of its own and loads their registry. */
async function plant(name: string, mutant: Mutant | null): Promise<readonly Policy[]> {
  const copy = join(folder, name);
  cpSync(SOURCE, copy, { recursive: true });
  for (const file of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.spec.ts')) continue;
    let text = readFileSync(join(copy, file), 'utf8');
    if (file === mutant?.file) {
      expect(text.split(mutant.from)).toHaveLength(2); // the place exists, once
      text = text.replace(mutant.from, mutant.to);
    }
    const { code } = transformSync(text, {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    writeFileSync(join(copy, file.replace(/\.ts$/, '.js')), code);
    rmSync(join(copy, file));
  }
  const { POLICIES } = (await import(join(copy, 'registry.js'))) as { POLICIES: readonly Policy[] };
  return POLICIES;
}

describe('planted bugs', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ballast-mutants-'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  });
  afterAll(() => {
    expect(dirname(folder)).toBe(tmpdir());
    rmSync(folder, { recursive: true });
  });

  it('finds no fault without one', async () => {
    expect(findFault(await plant('sound', null))).toBeNull();
  });

  it.each(MUTANTS.map((mutant, index) => ({ ...mutant, index })))('catches: $bug', async ({ index, ...mutant }) => {
    expect(findFault(await plant(`mutant-${index}`, mutant))).not.toBeNull();
  });
});
