/** For targets that need no recorded VMs: whoever asks for them fails. */
export const noSample = (): never => {
  throw new Error('it needs no traces');
};
