/** Entry of a simulation thread: it holds some of the guests and computes; it knows no database, queue or clock. */
import { parentPort } from 'node:worker_threads';
import { DomainError } from '#contracts';
import { ShardSimulation } from '#simulation';
import { invariant, unreachable } from '#units';
import type { Answers, Envelope, FrozenGuest, Kind, Reply, Request } from './protocol.js';
import { recoverGuest } from './recover.js';
import { packSnapshot } from './snapshot-codec.js';

const simulation = new ShardSimulation();

function answer(request: Request): Answers[Kind] {
  switch (request.kind) {
    case 'BOOT':
      return request.members.map((member) => simulation.boot(member, request.tick));
    case 'RECOVER':
      return request.guests.map((guest) => recoverGuest(simulation, guest, request.toTick));
    case 'REMOVE':
      for (const guestId of request.guestIds) simulation.remove(guestId);
      return null;
    case 'ADVANCE':
      return simulation.advance(request.fromTick, request.toTick, request.commands);
    case 'SNAPSHOT':
      return request.guestIds.map(freeze);
    case 'INSPECT':
      return simulation.inspect(request.guestId, request.question);
    default:
      return unreachable(request);
  }
}

function freeze(guestId: string): FrozenGuest {
  const { tick, digest, bytes } = simulation.snapshot(guestId);
  return { guestId, tick, digest, bytes: packSnapshot(bytes) };
}

function errorReply(id: number, error: unknown): Reply {
  if (error instanceof DomainError) return { id, error: { code: error.code, message: error.message } };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { id, error: { code: null, message } };
}

const port = parentPort;
invariant(port !== null, 'a simulation thread has a parent');
port.on('message', ({ id, request }: Envelope) => {
  let reply: Reply;
  try {
    reply = { id, answer: answer(request) };
  } catch (error) {
    reply = errorReply(id, error);
  }
  port.postMessage(reply);
});
