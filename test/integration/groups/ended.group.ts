// In CI these run as one file: each file loads the Worker's modules into workerd anew, and that takes longer than its tests.
import "../archive.test.ts";
import "../deletion.test.ts";
import "../idle.test.ts";
import "../watching.test.ts";
