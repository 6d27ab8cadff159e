/** Puts what a snapshot holds back into the parts of a guest. Both throw GuestSnapshotError when it does not fit them. */
import { RandomStream } from '#units';
import { holdFrames, type VirtioBalloon } from './balloon/virtio-balloon.js';
import { GuestSnapshotError } from './guest-snapshot-error.js';
import type { BalloonRecord, ProgramsRecord } from './guest-state.js';
import type { Programs } from './workload/programs.js';
import { PROCESSES, type Software } from './workload/software.js';
import type { Workload } from './workload/workload.js';

const RANDOM_WORDS = 4;

export function restoreBalloon(driver: VirtioBalloon | null, record: BalloonRecord | null): void {
  if (driver === null && record === null) return;
  if (driver === null || record === null) {
    throw new GuestSnapshotError('it has a balloon where its options give none, or none where they give one');
  }
  const { held, targetPages, actualPages, inflateRequests, deflateRequests, phase, atUs, numPages, movedAtUs } = record;
  const room = driver.held.starts.length;
  if (held.length > room) {
    throw new GuestSnapshotError(`its driver holds ${held.length} pages, a request has at most ${room}`);
  }
  Object.assign(driver, { phase, atUs, numPages, movedAtUs });
  Object.assign(driver.device, { targetPages, actualPages, inflateRequests, deflateRequests });
  holdFrames(driver, held);
  driver.lock.held = phase === 'FILL_SENT' || phase === 'LEAK_SENT';
  const { blocks, ...commands } = record.hints;
  Object.assign(driver.hints, commands);
  driver.hints.blocks.push(...blocks);
}

export function restorePrograms(workload: Workload, software: Software, record: ProgramsRecord): Programs {
  if (record.workload !== workload.digest) {
    throw new GuestSnapshotError('it ran another workload than the one it is given');
  }
  const { row, process } = record.state;
  if (record.random.length !== RANDOM_WORDS || row >= workload.startsMs.length || process >= PROCESSES) {
    throw new GuestSnapshotError('its place in the workload cannot be right');
  }
  const random = RandomStream.from(record.random);
  return { workload, software, random, bootTick: record.bootTick, state: { ...record.state } };
}
