// In CI these run as one file: each file loads the Worker's modules into workerd anew, and that takes longer than its tests.
import "../checkpoint-packs.test.ts";
import "../checkpoint-session.test.ts";
import "../checkpoint-branches.test.ts";
import "../checkpoint-object.test.ts";
import "../checkpoint-timeline.test.ts";
