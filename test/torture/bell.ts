import type { Sign } from './plan.ts';

/** Calls back at once, within the event that brought the sign: a blow must not come a turn of the loop later. */
export class Bell {
  #armed: { readonly sign: Sign; left: number; readonly onRung: () => void } | null = null;

  /** The one callback for the nth such sign from now; the one before is forgotten. */
  arm(sign: Sign, nth: number, onRung: () => void): void {
    this.#armed = { sign, left: nth, onRung };
  }

  disarm(): void {
    this.#armed = null;
  }

  ring(sign: string): void {
    const armed = this.#armed;
    if (armed?.sign !== sign) return;
    armed.left -= 1;
    if (armed.left > 0) return;
    this.#armed = null;
    armed.onRung();
  }
}
