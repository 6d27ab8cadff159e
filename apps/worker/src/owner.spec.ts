import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { isOwnerGone, ownerName, placeName } from './owner.js';

describe('isOwnerGone', () => {
  it('knows that a process of this machine has ended', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    expect(isOwnerGone(ownerName('here', pid), 'here')).toBe(true);
  });

  it('takes its own process id for one that was given out again', () => {
    expect(isOwnerGone(ownerName('here', process.pid), 'here')).toBe(true);
  });

  it('cannot tell of a process that lives, of other machines, or of names that it does not know', () => {
    expect(isOwnerGone(ownerName('here', process.ppid), 'here')).toBe(false);
    expect(isOwnerGone(ownerName('there', 1), 'here')).toBe(false);
    expect(isOwnerGone('somebody', 'here')).toBe(false);
  });
});

describe('a place', () => {
  it('is the same each time', () => {
    expect(placeName()).toBe(placeName());
  });

  it('is told apart from a container with the same host name', () => {
    expect(placeName(() => 'pid:[4026532201]')).not.toBe(placeName(() => 'pid:[4026532202]'));
  });

  it('is the host name where the system tells no more', () => {
    const away = (): never => {
      throw new Error('ENOENT');
    };
    expect(placeName(away)).toBe(hostname());
  });
});
