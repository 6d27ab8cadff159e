/** What a guest does with its memory: read from an input, described for people. */
import { DomainError, type WorkloadSpec } from '#contracts';
import { Traces } from '#persistence';
import { badInput, checkRange } from '../limits/checks.js';
import { formatDuration } from '../scalars/duration.js';

export interface WorkloadRequest {
  readonly kind?: WorkloadSpec['kind'] | null;
  readonly traceId?: string | null;
  readonly vm?: string | null;
  readonly offset?: number | null;
  readonly meanRatio?: number | null;
  readonly swingRatio?: number | null;
  readonly period?: number | null;
}

type Option = Exclude<keyof WorkloadRequest, 'kind'>;

const OPTIONS: Readonly<Record<WorkloadSpec['kind'], readonly Option[]>> = {
  IDLE: [],
  TRACE: ['traceId', 'vm', 'offset'],
  SYNTHETIC: ['meanRatio', 'swingRatio', 'period'],
};
const ALL_OPTIONS = Object.values(OPTIONS).flat();

const DEFAULT_MEAN_RATIO = 0.5;
const DEFAULT_SWING_RATIO = 0.2;
const DEFAULT_PERIOD_MS = 3_600_000;
const MIN_PERIOD_MS = 1_000;
const MAX_PERIOD_MS = 366 * 86_400_000;

/** A workload for each of `count` guests: without `vm`, they take the trace's VMs in turn. Throws DomainError. */
export async function planWorkloads(traces: Traces, request: WorkloadRequest, count: number): Promise<WorkloadSpec[]> {
  const kind = request.kind ?? 'IDLE';
  const foreign = ALL_OPTIONS.find((name) => request[name] != null && !OPTIONS[kind].includes(name));
  if (foreign !== undefined) {
    const accepted = OPTIONS[kind].join(', ');
    throw badInput(
      `input.workload.${foreign}`,
      `left out with kind ${kind}${accepted === '' ? '' : `, which takes ${accepted}`}`,
      request[foreign],
    );
  }
  switch (kind) {
    case 'IDLE':
      return Array.from({ length: count }, () => ({ kind: 'IDLE' }));
    case 'SYNTHETIC': {
      const workload = synthetic(request);
      return Array.from({ length: count }, () => workload);
    }
    case 'TRACE':
      return replays(traces, request, count);
  }
}

export function describeWorkload(workload: WorkloadSpec, traceName: string | undefined): string {
  switch (workload.kind) {
    case 'IDLE':
      return 'idle';
    case 'TRACE': {
      const from = workload.offsetMs > 0 ? `, from ${formatDuration(workload.offsetMs)} on` : '';
      return `replays VM ${workload.vm} of trace ${traceName ?? workload.traceId}${from}`;
    }
    case 'SYNTHETIC':
      return `synthetic: ${percent(workload.meanRatio)} of RAM in use, swinging by ${percent(workload.swingRatio)} every ${formatDuration(workload.periodMs)}`;
  }
}

function synthetic(request: WorkloadRequest): WorkloadSpec {
  const meanRatio = checkRange('input.workload.meanRatio', request.meanRatio ?? DEFAULT_MEAN_RATIO, 0, 1);
  const most = Math.min(meanRatio, 1 - meanRatio);
  const swingRatio = request.swingRatio ?? Math.min(DEFAULT_SWING_RATIO, most);
  const periodMs = request.period ?? DEFAULT_PERIOD_MS;
  if (periodMs < MIN_PERIOD_MS || periodMs > MAX_PERIOD_MS) {
    throw badInput('input.workload.period', 'from 1s to 366d', formatDuration(periodMs));
  }
  return {
    kind: 'SYNTHETIC',
    meanRatio,
    swingRatio: checkRange('input.workload.swingRatio', swingRatio, 0, most),
    periodMs,
  };
}

async function replays(
  traces: Traces,
  { traceId, vm, offset }: WorkloadRequest,
  count: number,
): Promise<WorkloadSpec[]> {
  if (traceId == null) throw badInput('input.workload.traceId', 'the id of a trace with kind TRACE', null);
  const vms = await traces.vmNames(traceId);
  if (vms.length === 0) {
    throw new DomainError(
      'NOT_FOUND',
      `input.workload.traceId must be the id of a trace that exists; there is none with ${JSON.stringify(traceId)}`,
      'input.workload.traceId',
    );
  }
  if (vm != null && !vms.includes(vm)) {
    const some = vms.slice(0, 30).join(', ');
    throw badInput(
      'input.workload.vm',
      `one of the trace's ${vms.length} VMs (${some}${vms.length > 30 ? ', …' : ''})`,
      vm,
    );
  }
  return Array.from({ length: count }, (_, at) => ({
    kind: 'TRACE',
    traceId,
    vm: vm ?? vms[at % vms.length] ?? '',
    offsetMs: offset ?? 0,
  }));
}

function percent(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}
