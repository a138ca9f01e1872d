// In CI these run as one file: each file loads the Worker's modules into workerd anew, and that takes longer than its tests.
import "../steering.test.ts";
import "../task-events.test.ts";
import "../runner-versions.test.ts";
import "../transcripts.test.ts";
import "../queue.test.ts";
