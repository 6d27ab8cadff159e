/** What the worker's event loop and its simulation threads say to each other. Every request has exactly one answer. */
import type { GuestCommand, GuestSample, InspectionAnswer, InspectionQuestion, OperationResult } from '#contracts';
import type { GuestMember, RecoverableGuest, StoppedGuest } from '#persistence';

/** What a thread is started with. */
export interface ThreadSettings {
  /** How often each guest's memory is recounted, in ticks; 0: never. */
  readonly auditEveryTicks: number;
}

export type Request =
  | { readonly kind: 'BOOT'; readonly members: readonly GuestMember[]; readonly tick: number }
  | { readonly kind: 'RECOVER'; readonly guests: readonly RecoverableGuest[]; readonly toTick: number }
  | { readonly kind: 'REMOVE'; readonly guestIds: readonly string[] }
  | {
      readonly kind: 'ADVANCE';
      readonly fromTick: number;
      readonly toTick: number;
      readonly commands: readonly GuestCommand[];
    }
  | { readonly kind: 'SNAPSHOT'; readonly guestIds: readonly string[] }
  | { readonly kind: 'INSPECT'; readonly guestId: string; readonly question: InspectionQuestion };

export interface Answers {
  readonly BOOT: BootAnswer;
  readonly RECOVER: readonly RecoveryReport[];
  readonly REMOVE: null;
  readonly ADVANCE: AdvanceAnswer;
  readonly SNAPSHOT: readonly FrozenGuest[];
  readonly INSPECT: InspectionAnswer;
}

/** `stopped`: guests that could not be booted; they are not in the thread. */
export interface BootAnswer {
  readonly samples: readonly GuestSample[];
  readonly stopped: readonly StoppedGuest[];
}

/** `stopped`: guests that failed on the way; they are no longer in the thread, and what they did counts for nothing. */
export interface AdvanceAnswer {
  readonly samples: readonly GuestSample[];
  readonly results: readonly OperationResult[];
  readonly stopped: readonly StoppedGuest[];
}

/** A guest frozen at the end of `tick`; `bytes` are compressed (snapshot-codec.ts). */
export interface FrozenGuest {
  readonly guestId: string;
  readonly tick: number;
  readonly digest: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What bringing a guest back came to. `problem` names the ticks and digests that differ; such a guest does not run. */
export interface RecoveryReport {
  readonly guestId: string;
  readonly replayedTicks: number;
  readonly problem: string | null;
}

export type Kind = Request['kind'];
export type RequestOf<Name extends Kind> = Extract<Request, { kind: Name }>;

export interface Envelope {
  readonly id: number;
  readonly request: Request;
}

export type Reply =
  | { readonly id: number; readonly answer: Answers[Kind] }
  /** An operating error (`code` set) or a bug (null), as text: errors lose their class on the way. */
  | { readonly id: number; readonly error: { readonly code: string | null; readonly message: string } };
