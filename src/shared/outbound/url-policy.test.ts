import { describe, expect, it } from "vitest";
import { judgeAddress } from "./address-policy.ts";
import { judgeUrl, type UrlRefusal } from "./url-policy.ts";

const PUBLIC = { allowLoopback: false, ownOrigin: "https://berth.example.com" };
const LOCAL = { allowLoopback: true, ownOrigin: "http://localhost:8787" };

/** Ways round the rule that people know, and what each is refused as. */
const EVASIONS: [string, UrlRefusal][] = [
  ["http://example.com/mcp", "scheme"],
  ["file:///etc/passwd", "scheme"],
  ["ftp://example.com/", "scheme"],
  ["gopher://example.com/", "scheme"],
  ["data:text/plain,hello", "scheme"],
  ["javascript:alert(1)", "scheme"],
  ["ws://example.com/", "scheme"],
  ["blob:https://example.com/x", "scheme"],
  ["https://user:word@example.com/", "credentials"],
  ["https://user@example.com/", "credentials"],
  ["https://@example.com/", "credentials"],
  ["https://:@example.com/", "credentials"],
  ["https://example.com@127.0.0.1/", "credentials"],
  ["https://127.0.0.1/", "private_address"],
  ["https://127.1/", "private_address"],
  ["https://127.0.1/", "private_address"],
  ["https://2130706433/", "private_address"],
  ["https://0x7f000001/", "private_address"],
  ["https://0x7f.0.0.1/", "private_address"],
  ["https://0x7F.1/", "private_address"],
  ["https://017700000001/", "private_address"],
  ["https://0177.0.0.1/", "private_address"],
  ["https://0177.0x0.0.01/", "private_address"],
  ["https://127.0.0.1./", "private_address"],
  ["https://127。0。0。1/", "private_address"],
  ["https://①②⑦.⓪.⓪.①/", "private_address"],
  ["https://%31%32%37.0.0.1/", "private_address"],
  ["https://127.255.255.254/", "private_address"],
  ["https://0/", "private_address"],
  ["https://0.0.0.0/", "private_address"],
  ["https://10.0.0.1/", "private_address"],
  ["https://10.1/", "private_address"],
  ["https://167772161/", "private_address"],
  ["https://100.64.0.1/", "private_address"],
  ["https://100.127.255.255/", "private_address"],
  ["https://100.100.100.200/", "private_address"],
  ["https://169.254.169.254/latest/meta-data/", "private_address"],
  ["https://2852039166/", "private_address"],
  ["https://0xa9fea9fe/", "private_address"],
  ["https://0251.0376.0251.0376/", "private_address"],
  ["https://168.63.129.16/", "private_address"],
  ["https://172.16.0.1/", "private_address"],
  ["https://172.31.255.255/", "private_address"],
  ["https://192.0.0.192/", "private_address"],
  ["https://192.0.2.1/", "private_address"],
  ["https://192.88.99.1/", "private_address"],
  ["https://192.168.1.1/", "private_address"],
  ["https://198.18.0.1/", "private_address"],
  ["https://198.51.100.7/", "private_address"],
  ["https://203.0.113.9/", "private_address"],
  ["https://224.0.0.1/", "private_address"],
  ["https://240.0.0.1/", "private_address"],
  ["https://255.255.255.255/", "private_address"],
  ["https://[::1]/", "private_address"],
  ["https://[0:0:0:0:0:0:0:1]/", "private_address"],
  ["https://[::]/", "private_address"],
  ["https://[::ffff:127.0.0.1]/", "private_address"],
  ["https://[::ffff:7f00:1]/", "private_address"],
  ["https://[::ffff:169.254.169.254]/", "private_address"],
  ["https://[::127.0.0.1]/", "private_address"],
  ["https://[::ffff:0:127.0.0.1]/", "private_address"],
  ["https://[64:ff9b::10.0.0.1]/", "private_address"],
  ["https://[64:ff9b::a9fe:a9fe]/", "private_address"],
  ["https://[64:ff9b:1::1]/", "private_address"],
  ["https://[2002:7f00:1::]/", "private_address"],
  ["https://[2002:a00:1::1]/", "private_address"],
  ["https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "private_address"],
  ["https://[2001:db8::1]/", "private_address"],
  ["https://[3fff::1]/", "private_address"],
  ["https://[2606:4700::5efe:10.0.0.1]/", "private_address"],
  ["https://[2606:4700::200:5efe:10.0.0.1]/", "private_address"],
  ["https://[fe80::1]/", "private_address"],
  ["https://[fe80::1%25eth0]/", "not_a_url"],
  ["https://[fe80::1%eth0]/", "not_a_url"],
  ["https://[fec0::1]/", "private_address"],
  ["https://[fc00::1]/", "private_address"],
  ["https://[fd00:ec2::254]/", "private_address"],
  ["https://[ff02::1]/", "private_address"],
  ["https://[100::1]/", "private_address"],
  ["https://localhost/", "private_address"],
  ["https://LOCALHOST/", "private_address"],
  ["https://localhost./", "private_address"],
  ["https://ｌocalhost/", "private_address"],
  ["https://lo\u00adcalhost/", "private_address"],
  ["https://foo.localhost/", "private_name"],
  ["https://localhost.localdomain/", "private_name"],
  ["https://metadata/", "private_name"],
  ["https://metadata.google.internal/", "private_name"],
  ["https://metadata.google.internal./", "private_name"],
  ["https://instance-data.ec2.internal/", "private_name"],
  ["https://kubernetes.default.svc/", "private_name"],
  ["https://kubernetes.default.svc.cluster.local/", "private_name"],
  ["https://printer.local/", "private_name"],
  ["https://host.docker.internal/", "private_name"],
  ["https://router.home.arpa/", "private_name"],
  ["https://1.0.0.127.in-addr.arpa/", "private_name"],
  ["https://wiki.corp/", "private_name"],
  ["https://x.onion/", "private_name"],
  ["https://intranet/", "private_name"],
  ["https://a..com/", "private_name"],
  ["https://example.com:22/", "port"],
  ["https://example.com:25/", "port"],
  ["https://example.com:80/", "port"],
  ["https://berth.example.com/mcp", "own_address"],
  ["https://BERTH.example.com:443/mcp", "own_address"],
  ["https://berth.example.com./mcp", "own_address"],
  ["https:\\\\example.com\\", "not_a_url"],
  ["https://exa\tmple.com/", "not_a_url"],
  [" https://example.com/", "not_a_url"],
  ["https://example.com/\u0000", "not_a_url"],
  ["https://exa mple.com/", "not_a_url"],
  ["https://1.2.3.4.5/", "not_a_url"],
  ["https://256.1.1.1/", "not_a_url"],
  ["https://[::1/", "not_a_url"],
  ["https://", "not_a_url"],
  ["//example.com/", "not_a_url"],
  ["example.com", "not_a_url"],
  ["", "not_a_url"],
  [`https://example.com/${"a".repeat(2048)}`, "too_long"],
];

describe("an address that a person entered", () => {
  it.each(EVASIONS)("is refused: %s [outbound.refused]", (text, refusal) => {
    expect(judgeUrl(text, PUBLIC)).toEqual({ ok: false, refusal });
  });

  it.each([
    ["https://example.com/mcp", "https://example.com/mcp"],
    ["https://EXAMPLE.com:443/mcp?x=1", "https://example.com/mcp?x=1"],
    ["https://example.com:8443/", "https://example.com:8443/"],
    ["https://example.com./", "https://example.com/"],
    ["https://bücher.example.com/", "https://xn--bcher-kva.example.com/"],
    ["https://8.8.8.8/", "https://8.8.8.8/"],
    ["https://[2606:4700:4700::1111]/", "https://[2606:4700:4700::1111]/"],
    ["https://[::ffff:8.8.8.8]/", "https://[::ffff:808:808]/"],
    ["https://172.32.0.1/", "https://172.32.0.1/"],
    ["https://example.com/@me", "https://example.com/@me"],
  ])("is asked when it is public: %s", (text, href) => {
    expect(judgeUrl(text, PUBLIC)).toMatchObject({ ok: true, url: new URL(href) });
  });

  it("may be loopback, and http there, where local development says so [outbound.loopback]", () => {
    for (const text of [
      "http://localhost:3000/mcp",
      "http://127.0.0.1:3000/",
      "http://[::1]:3000/",
      "http://127.1:3000/",
    ])
      expect(judgeUrl(text, LOCAL), text).toMatchObject({ ok: true });
    for (const text of [
      "http://localhost:8787/mcp",
      "http://127.0.0.1:8787/",
      "http://[::1]:8787/",
      "http://127.1:8787/",
    ])
      expect(judgeUrl(text, LOCAL), text).toEqual({ ok: false, refusal: "own_address" });
    expect(judgeUrl("http://example.com/", LOCAL)).toEqual({ ok: false, refusal: "scheme" });
    expect(judgeUrl("http://10.0.0.1:3000/", LOCAL)).toEqual({ ok: false, refusal: "private_address" });
    expect(judgeUrl("http://foo.localhost:3000/", LOCAL)).toEqual({ ok: false, refusal: "private_name" });
  });
});

describe("an address that a name resolves to", () => {
  it.each([
    ["93.184.215.14", "public"],
    ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "public"],
    ["127.0.0.1", "loopback"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["192.168.0.1", "refused"],
    ["fe80::1", "refused"],
    ["64:ff9b::808:808", "public"],
    ["0127.0.0.1", null],
    ["fe80::1%eth0", null],
    ["1::2::3", null],
    ["1:2:3:4:5:6:7", null],
    ["12345::", null],
    ["example.com", null],
    ["", null],
  ] as const)("%s is %s", (text, kind) => {
    expect(judgeAddress(text)).toBe(kind);
  });
});
