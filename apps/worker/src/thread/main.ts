/** Entry of a simulation thread: it holds some of the guests and computes; it knows no database, queue or clock. */
import { parentPort, workerData } from 'node:worker_threads';
import { DomainError } from '#contracts';
import { invariant, unreachable } from '#units';
import { GuestGroup } from './guest-group.js';
import type {
  Answers,
  Envelope,
  FrozenGuest,
  Kind,
  RecoveryReport,
  Reply,
  Request,
  ThreadSettings,
} from './protocol.js';

const guests = new GuestGroup(workerData as ThreadSettings);

function answer(request: Request): Answers[Kind] {
  switch (request.kind) {
    case 'BOOT':
      return guests.boot(request.members, request.tick);
    case 'RECOVER':
      return guests.recover(request.guests, request.toTick);
    case 'REMOVE':
      guests.remove(request.guestIds);
      return null;
    case 'ADVANCE':
      return guests.advance(request.fromTick, request.toTick, request.commands);
    case 'SNAPSHOT':
      return guests.freeze(request.guestIds);
    case 'INSPECT':
      return guests.inspect(request.guestId, request.question);
    default:
      return unreachable(request);
  }
}

/** Snapshots change threads without a copy. */
function buffersOf(reply: Answers[Kind]): ArrayBuffer[] {
  if (!Array.isArray(reply)) return [];
  return (reply as readonly (FrozenGuest | RecoveryReport)[]).flatMap((item) =>
    'bytes' in item ? [item.bytes.buffer] : [],
  );
}

function errorReply(id: number, error: unknown): Reply {
  if (error instanceof DomainError) return { id, error: { code: error.code, message: error.message } };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { id, error: { code: null, message } };
}

const port = parentPort;
invariant(port !== null, 'a simulation thread has a parent');
port.on('message', ({ id, request }: Envelope) => {
  try {
    const done = answer(request);
    port.postMessage({ id, answer: done } satisfies Reply, buffersOf(done));
  } catch (error) {
    port.postMessage(errorReply(id, error));
  }
});
