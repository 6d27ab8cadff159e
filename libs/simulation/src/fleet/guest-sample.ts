import type { GuestSample, OperationResult, ZoneSample } from '#contracts';
import type { BalloonRequestEnd, GuestReading, WorkEnd, ZoneReading } from '#guest';
import { pagesToBytes } from '#units';

export function toSample(guestId: string, reading: GuestReading): GuestSample {
  const counter = new Map(reading.vmstat);
  const { some, full } = reading.pressure;
  return {
    guestId,
    tick: reading.tick,
    state: reading.run,
    stateReason: reading.stateReason,
    balloonState: reading.balloon.state,
    isolatedPages: reading.isolatedPages,
    values: {
      totalBytes: pagesToBytes(reading.totalPages),
      freeBytes: pagesToBytes(reading.freePages),
      availableBytes: pagesToBytes(reading.availablePages),
      usedBytes: pagesToBytes(Math.max(0, reading.totalPages - reading.availablePages)),
      cachedBytes: pagesToBytes(reading.filePages),
      anonBytes: pagesToBytes(reading.anonPages),
      slabBytes: pagesToBytes(reading.slabReclaimablePages + reading.slabUnreclaimablePages),
      swapUsedBytes: pagesToBytes(reading.swapUsedPages),
      residentBytes: pagesToBytes(reading.residentPages),
      balloonTargetBytes: pagesToBytes(reading.balloon.targetPages),
      balloonActualBytes: pagesToBytes(reading.balloon.heldPages),
      pressureSome10Ratio: some.avg10 / 100,
      pressureSome60Ratio: some.avg60 / 100,
      pressureFull10Ratio: full.avg10 / 100,
      pressureFull60Ratio: full.avg60 / 100,
      unusableIndex9Ratio: reading.unusableIndex9Ratio,
      inflatedPagesTotal: counter.get('balloon_inflate') ?? 0,
      deflatedPagesTotal: counter.get('balloon_deflate') ?? 0,
      migratedPagesTotal: counter.get('balloon_migrate') ?? 0,
      idleRatio: reading.idleRatio,
    },
    zones: reading.zones.map(toZoneSample),
    vmstat: reading.vmstat,
    stateDigest: reading.stateDigest,
  };
}

function toZoneSample(zone: ZoneReading): ZoneSample {
  const { minPages, lowPages, highPages } = zone.watermarks;
  return {
    node: zone.node,
    name: zone.name,
    managedPages: zone.managedPages,
    freePages: zone.freePages,
    watermarks: { minPages, lowPages, highPages },
    freeBlocks: zone.nrFree,
    fragmentationIndex: zone.fragmentationIndex,
    unusableIndex: zone.unusableIndex,
    pageblocks: zone.pageblocks,
  };
}

export function toOperationResult(guestId: string, end: BalloonRequestEnd): OperationResult {
  return {
    operationId: end.id,
    guestId,
    tick: end.tick,
    outcome: end.outcome,
    achievedBytes: pagesToBytes(end.achievedPages),
    deficitBytes: pagesToBytes(end.deficitPages),
    reason: end.reason,
    result: null,
  };
}

export function toWorkResult(guestId: string, end: WorkEnd): OperationResult {
  const { id, ...told } = end;
  return { operationId: id, guestId, achievedBytes: null, deficitBytes: null, ...told };
}
