/** Says when the next page may be taken. */
export interface PageGate {
  /** Takes a page into hand if that may be done at once. */
  tryEnter(): boolean;
  /** Waits until a page may be taken, and takes it into hand. False: no more pages are to be taken. */
  enter(stop: AbortSignal): Promise<boolean>;
  /** A page that was in hand is done. */
  leave(): void;
}

export const OPEN_GATE: PageGate = {
  tryEnter: () => true,
  enter: async () => true,
  leave: () => {},
};
