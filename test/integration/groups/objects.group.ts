// In CI these run as one file: each file loads the Worker's modules into workerd anew, and that takes longer than its tests.
import "../alarm-clock.test.ts";
import "../objects.test.ts";
import "../processes.test.ts";
import "../process-registry.test.ts";
import "../permissions.test.ts";
