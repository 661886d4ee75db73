import Foundation
import Testing

/// The suite as a program runs it: the same tests that `swift test` runs, through Swift Testing's own entry point.
public enum SuiteProgram {
    /// Runs the cases, and returns when the last one is over. Call it once in a process, before anything else of the suite.
    ///
    /// - Parameters:
    ///   - url: The broker to test, `amqp://user:password@host:port/vhost`; nil: our own, in this process.
    ///   - only: Runs the cases whose id begins with it; nil: all of them.
    ///   - results: The path of a file that gets a JSON line for each case, as it ends.
    public static func run(against url: String?, only: String?, results: String) async {
        // Environment.current reads these once, when the first case asks.
        for (name, value) in [("AMQP_URL", url), ("CONFORMANCE_ONLY", only), ("CONFORMANCE_RESULTS", results)] {
            if let value { setenv(name, value, 1) }
        }
        var arguments = __CommandLineArguments_v0()
        arguments.quiet = true
        // Its status says that something was red; the results say what.
        let _: CInt = await Testing.__swiftPMEntryPoint(passing: arguments)
    }
}
