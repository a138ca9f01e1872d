// Who sits at the browser that asks for one of our pages, as the browser sessions say.
import type { Principal } from "../../../shared/teams/principal.ts";

export type SignedIn = {
  principal: Principal;
  displayName: string;
  /** In every form of this browser's session, and of no other. */
  formToken: string;
};

export type Browsers = {
  /** Null when nobody is signed in. */
  read(request: Request): Promise<SignedIn | null>;
  /** Whether the form was made for this browser's session and sent from a page of ours. */
  ownsForm(request: Request, form: FormData, signedIn: SignedIn): Promise<boolean>;
  /** Sends a person to sign in, and back. */
  signInFirst(request: Request): Response;
};
