// In CI these run as one file: each file loads the Worker's modules into workerd anew, and that takes longer than its tests.
import "../inputs.test.ts";
import "../prompts.test.ts";
import "../agents.test.ts";
import "../agents-input.test.ts";
import "../uploads.test.ts";
