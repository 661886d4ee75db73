import Commands
import Platform

/// One line at once, also into a file or a pipe.
func say(_ line: String) { _ = writeAll(line + "\n", to: STDOUT_FILENO) }

let given = Options.program.request().arguments
do {
    let options = try Options(given, url: environmentValue("AMQP_URL"))
    if options.isCheck { exit(0) }
    var measurement = Measurement(options, runName: "bench.\(getpid())")
    try measurement.begin()
    if options.format == .table {
        let report = Report(results: measurement.results, options: options)
        say("\(report.heading)\n\n\(report.tableHead)")
        for row in measurement.results.rows { say(report.tableLine(row)) }
    }
    for scenario in options.scenarios {
        let done = measurement.results.rows.count
        await measurement.measure(scenario)
        let report = Report(results: measurement.results, options: options)
        if options.format == .table {
            for row in measurement.results.rows[done...] { say(report.tableLine(row)) }
        }
    }
    let done = measurement.results.rows.count
    measurement.end()
    let report = Report(results: measurement.results, options: options)
    switch options.format {
    case .table:
        for row in measurement.results.rows[done...] { say(report.tableLine(row)) }
        for note in report.notes { say("- \(note)") }
    case .markdown: say(report.markdown)
    case .json: say(report.json)
    }
    // A figure that is missing is a failure to whoever runs this in a script.
    exit(report.notes.isEmpty ? 0 : 2)
} catch let error as UsageError {
    Options.program.fail(error)
} catch {
    _ = writeAll("bench: \(error)\n", to: STDERR_FILENO)
    exit(1)
}
