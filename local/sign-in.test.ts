import { describe, expect, it } from "vitest";
import { readConsentForm } from "./sign-in.ts";

const PAGE = `<html><form method="post" action="/authorize?a=1&amp;b=2" autocomplete="off">
  <input type="hidden" name="handle" value="h&quot;1"/>
  <input type="checkbox" name="scope" value="sessions:read" checked=""/>
  <input type="checkbox" name="scope" value="projects:read" checked>
  <input type="checkbox" name="scope" value="admin"/>
  <input name="code" type="password" autocomplete="off"/>
  <button name="decision" value="approve" class="primary">Allow</button><button name="decision" value="deny">Deny</button>
</form></html>`;

describe("the consent page's form", () => {
  it("is read as a browser sends it when the code is typed and the first button pressed", () => {
    const { action, fields } = readConsentForm(PAGE, "CODE");
    expect(action).toBe("/authorize?a=1&b=2");
    expect([...fields]).toEqual([
      ["handle", 'h"1'],
      ["scope", "sessions:read"],
      ["scope", "projects:read"],
      ["code", "CODE"],
      ["decision", "approve"],
    ]);
  });

  it("has to be there", () => {
    expect(() => readConsentForm("<html>no</html>", "CODE")).toThrow(/no form/);
  });
});
