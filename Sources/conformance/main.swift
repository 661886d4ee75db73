import Commands
import ConformanceReport
import ConformanceSuite
import Foundation

// EX_USAGE: 1 and 2 have a meaning of their own.
let (command, given) = ConformanceProgram.program.request(failure: 64)
if command == WatchCommand.command.name {
    do throws(UsageError) {
        exit(await WatchCommand.run(try WatchCommand.Request(given)))
    } catch {
        ConformanceProgram.program.fail(error, of: command, status: 64)
    }
}
let (request, suite): (ConformanceProgram.Request, SuiteProgram)
do throws(UsageError) {
    request = try ConformanceProgram.Request(given)
    do {
        suite = try SuiteProgram(request.settings)
    } catch {
        throw UsageError("\(error)")
    }
} catch {
    ConformanceProgram.program.fail(error, status: 64)
}

/// No case was run, or not all of them, and this is why.
func giveUp(_ why: String, status: Int32 = 2) -> Never {
    FileHandle.standardError.write(Data("conformance: \(why)\n".utf8))
    exit(status)
}

let limits: Door.Limits?
do throws(Door.Closed) {
    limits = try await suite.open()
} catch {
    giveUp(error.description)
}
if request.settings.listsOnly {
    let cases = await suite.list()
    if let differences = request.differences.flatMap({ Differences($0, of: cases) }) {
        print(differences.text, terminator: "")
    } else {
        for one in cases { print("\(one.id)\t\(one.title)") }
    }
    exit(0)
}
let progress = Progress()
Interruption.watch(suite)
let report = Report(await suite.run { progress.ended($0) })
progress.finish()
let earlyEnd = suite.earlyEnd
if report.rows.isEmpty {
    if let earlyEnd { giveUp(earlyEnd.sentence, status: earlyEnd.status) }
    giveUp(request.settings.only.map { "no case was run: no id begins with '\($0)'; see --list" } ?? "no case was run")
}
switch request.format {
case .text:
    print(report.text, terminator: "")
    if let limits { print("limits: \(limits.text)") }
case .json: FileHandle.standardOutput.write(try report.json + [UInt8(ascii: "\n")])
case .junit: print(report.junit, terminator: "")
case .html: print(report.html)
case .badge: print(report.badge, terminator: "")
case .known: for line in BaselineDraft([report]).lines { print(line) }
}
if let earlyEnd { giveUp(earlyEnd.sentence, status: earlyEnd.status) }
exit(report.status)
