import { describe, expect, it } from '@jest/globals';
import { loadConfiguration } from './configuration.js';

describe('loadConfiguration', () => {
  it('has a default for everything', () => {
    expect(loadConfiguration({})).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      speed: undefined,
      withDemoFleet: true,
      retentionDays: 30,
      auditEveryTicks: 0,
      isExposed: false,
      hostNames: [],
    });
  });

  it.each([
    ['PORT', '70000', /PORT must be a whole number from 0 to 65535, got "70000"/],
    ['PORT', 'http', /PORT must be a whole number/],
    ['BALLAST_DEMO', 'yes', /BALLAST_DEMO must be 0 or 1, got "yes"/],
    ['BALLAST_SPEED', '-1', /BALLAST_SPEED must be a number from 0 \(paused\) to 10000/],
    ['BALLAST_SPEED', 'fast', /BALLAST_SPEED must be a number/],
    [
      'DATABASE_URL',
      'mysql://localhost/x',
      /DATABASE_URL must be a URL that begins with postgresql:\/\/ or postgres:\/\//,
    ],
    ['REDIS_URL', 'localhost:6379', /REDIS_URL must be a URL that begins with redis:\/\//],
    ['BALLAST_AUDIT_EVERY_TICKS', '-5', /BALLAST_AUDIT_EVERY_TICKS must be a whole number from 0/],
    ['BALLAST_HOSTNAMES', 'https://ballast.example', /BALLAST_HOSTNAMES must be host names/],
    ['LOG_LEVEL', 'loud', /LOG_LEVEL must be one of error, warn, log, debug/],
  ])('refuses %s=%s, naming it and what it accepts', (name, value, message) => {
    expect(() => loadConfiguration({ [name]: value })).toThrow(message);
  });

  it('reports every problem at once', () => {
    expect(() => loadConfiguration({ PORT: 'x', BALLAST_DEMO: '2' })).toThrow(/PORT .*; BALLAST_DEMO /);
  });

  it('takes host names with commas between them', () => {
    expect(loadConfiguration({ BALLAST_HOSTNAMES: 'a.example,b' }).hostNames).toEqual(['a.example', 'b']);
  });

  it('listens beyond this machine only when told that it is insecure', () => {
    expect(() => loadConfiguration({ HOST: '0.0.0.0' })).toThrow(/HOST must be 127.0.0.1/);
    expect(loadConfiguration({ HOST: '0.0.0.0', BALLAST_INSECURE: '1' }).isExposed).toBe(true);
  });
});
