/** Linux releases whose memory management a guest can follow. */
export const KERNEL_PROFILES = ['5.15', '6.1', '6.12', '7.0'] as const;
export type KernelProfile = (typeof KERNEL_PROFILES)[number];
export const DEFAULT_KERNEL_PROFILE: KernelProfile = '6.12';
