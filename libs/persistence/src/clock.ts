import type { Database } from './database.js';

/** Simulated seconds per second; 0 pauses the fleet. */
export async function readClockSpeed(database: Database): Promise<number> {
  const clock = await database.prisma.fleetClock.findUniqueOrThrow({ where: { id: 1 } });
  return clock.speed;
}
