/** Error numbers of Linux (asm-generic/errno-base.h). A function that answers with one returns it negative, 0 for success. */
export const ENOENT = 2;
export const EINTR = 4;
export const EIO = 5;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EBUSY = 16;
export const EINVAL = 22;
