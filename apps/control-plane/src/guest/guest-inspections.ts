import { DomainError, type InspectionAnswers, type InspectionQuestion } from '#contracts';
import { Queues } from '#jobs';
import { Injectable } from '@nestjs/common';

const LIMIT_MS = 5_000;

/** Questions that only the owner of a guest can answer: they go through the queue, and the answer says which tick it shows. */
@Injectable()
export class GuestInspections {
  constructor(private readonly queues: Queues) {}

  /** Throws DomainError NOT_FOUND for a guest that does not run, UNAVAILABLE when no worker answers in time. */
  async ask<Question extends InspectionQuestion>(
    guestId: string,
    question: Question,
  ): Promise<InspectionAnswers[Question['kind']]> {
    const answer = await this.queues.addAndWait('inspections', { version: 1, guestId, question }, LIMIT_MS);
    switch (answer.kind) {
      case 'DONE':
        return answer.value as InspectionAnswers[Question['kind']];
      case 'FAILED':
        throw new DomainError(answer.code, answer.reason);
      case 'TIMED_OUT':
        throw new DomainError('UNAVAILABLE', `no worker answered for guest ${guestId} within ${LIMIT_MS / 1000} s`);
    }
  }
}
