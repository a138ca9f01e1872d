// In CI these run as one file: each file loads the Worker's modules into workerd anew, and that takes longer than its tests.
import "../usage-sums.test.ts";
import "../usage-reports.test.ts";
import "../budgets.test.ts";
import "../team-object.test.ts";
