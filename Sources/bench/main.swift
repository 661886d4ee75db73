#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One line at once, also into a file or a pipe.
func say(_ line: String) {
    print(line)
    fflush(nil)
}

do {
    let url = getenv("AMQP_URL").map { String(cString: $0) }
    let options = try Options(CommandLine.arguments.dropFirst(), url: url)
    if options.wantsHelp {
        print(Options.help)
        exit(0)
    }
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
} catch {
    var text = "bench: \(error)\n"
    text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
    exit(1)
}
