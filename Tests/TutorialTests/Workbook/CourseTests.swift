import AMQPWire
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import workbook

/// What leads a reader from one exercise to the next.
@Suite(.watched) struct CourseTests {
    private func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "course-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    // MARK: next

    @Test func nextSaysWhatAnExerciseAsksFor() {
        let lines = NextCommand.lines(["play 1", "predict 1"])
        #expect(lines[0] == "Exercise 1.1, in Tutorials/01-hello/README.md:")
        #expect(lines.contains { $0.contains("NO_ROUTE") } && lines.contains { $0.contains("workbook watch 1.1 ") })
        let thought = NextCommand.lines(["play 1", "predict 1", "check 1.1", "check 1.2"])
        #expect(thought[0].hasPrefix("Exercise 1.3") && thought.contains { $0.contains("workbook check 1.3") })
        #expect(lines.allSatisfy { $0.count <= 80 } && thought.allSatisfy { $0.count <= 80 })
    }

    // MARK: a progress file that something has happened to

    @Test func eachLineOfADamagedFileCountsForItself() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "progress")
        // An octet that is no text, the line ends of another system, and numbers that are none.
        let text = "play 1\r\npredict 1\r\nguess two-consumers \(Int.max) wrong\n"
        let damaged = Data("x\n".utf8) + [0xFF, 0x0A] + Data(text.utf8)
        try damaged.write(to: file)
        try await onStage(.inThisProcess) { stage in
            let environment = ["WORKBOOK_PROGRESS": file.path]
            let next = try await stage.run("workbook", words: ["next"], environment: environment)
            #expect(next.lines.first == "Exercise 1.1, in Tutorials/01-hello/README.md:")
            _ = try await stage.run("workbook", words: ["hint", "1.1"], environment: environment)
        }
        let lines = try Progress.lines(of: file)
        #expect(lines.contains("play 1") && lines.last == "hint 1.1 1")
        #expect(Predictions(lines).due(in: 4).isEmpty)
        let report = try ClassReport(files: [file])
        #expect(report.readers[0].share(of: Chapter.all[0]).done == 2)
    }

    @Test func aClassReportNamesTheFileThatIsNotThere() {
        #expect {
            try ClassReport(files: [URL(filePath: "nowhere/ann.txt")])
        } throws: { "\($0)".hasPrefix("nowhere/ann.txt can't be read: ") }
    }

    // MARK: watch

    @Test func aProgramIsJudgedAgainWhenItIsSaved() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = folder.appending(path: "mine.sh")
        @Sendable func save(_ words: String) throws {
            let path = Repository.products.appending(path: words).path
            try Data("exec \(path)\n".utf8).write(to: program, options: .atomic)
        }
        try await onStage(.inThisProcess) { stage in
            try save("hello receive")
            let watch = try stage.start(
                "workbook", "watch", "1.2", "--", "sh", program.path,
                environment: ["WORKBOOK_PROGRESS": folder.appending(path: "progress").path])
            let waits = "Waiting for you to save a file. Ctrl-C ends this."
            try await stage.wait("the first judgement") { watch.lines.contains(waits) || watch.hasEnded }
            #expect(watch.lines.contains { $0.hasPrefix("  NO  asks, and does not wait") }, "\(watch.account)")
            try save("solutions 1.2")
            let lines = try await stage.finish(watch).lines
            #expect(lines.filter { $0 == waits }.count == 1 && lines.last?.hasPrefix("Done.") == true, "\(lines)")
        }
        let progress = try String(contentsOf: folder.appending(path: "progress"), encoding: .utf8)
        #expect(progress == "check 1.2\n")
    }

    /// It saves the solution in its own place while it is judged: nobody saves anything behind that.
    @Test func aProgramThatIsSavedWhileItRunsIsJudgedAgain() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let (program, next) = (folder.appending(path: "mine.sh"), folder.appending(path: ".next"))
        let products = Repository.products.path
        try Data("exec '\(products)/solutions' 1.2\n".utf8).write(to: next)
        let first = "echo run >> '\(folder.path)/log'\nmv '\(next.path)' '\(program.path)'\n"
        try Data("\(first)exec '\(products)/hello' receive\n".utf8).write(to: program)
        try await onStage(.inThisProcess) { stage in
            let watch = try stage.start(
                "workbook", "watch", "1.2", "--", "sh", program.path,
                environment: ["WORKBOOK_PROGRESS": folder.appending(path: "progress").path])
            let lines = try await stage.finish(watch).lines
            #expect(lines.contains { $0.hasPrefix("  NO  asks, and does not wait") }, "\(lines)")
            #expect(!lines.contains { $0.hasPrefix("Waiting for you") } && lines.last?.hasPrefix("Done.") == true)
        }
    }

    @Test func whatAProgramWritesIsNotSavedByTheReader() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        @Sendable func save(_ name: String, _ seconds: Double) throws {
            let file = folder.appending(path: name)
            try Data(name.utf8).write(to: file)
            let date = Date(timeIntervalSince1970: seconds)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file.path)
        }
        for name in ["mine.py", "other.py", "orders.db", "build.sh", "words.txt"] { try save(name, 1) }
        let command = ["python", folder.appending(path: "mine.py").path]
        let before = SavedFiles(SavedFiles.folders(of: command))
        func isSaved(whileItRuns files: [String], then later: [String] = []) throws -> [Bool] {
            var written = WrittenFiles(command)
            for name in files { try save(name, 2) }
            let now = SavedFiles(before.folders)
            written.note(now.changes(since: before))
            let first = written.isSaved(now.changes(since: before))
            for name in later { try save(name, 3) }
            defer { for name in files + later { try? save(name, 1) } }
            return [first, written.isSaved(SavedFiles(before.folders).changes(since: now))]
        }
        #expect(try isSaved(whileItRuns: []) == [false, false])
        #expect(try isSaved(whileItRuns: ["orders.db"]) == [false, false], "a database")
        #expect(try isSaved(whileItRuns: ["orders.db"], then: ["orders.db"]) == [false, false], "its last words")
        #expect(try isSaved(whileItRuns: ["orders.db", "mine.py"]) == [true, false])
        #expect(try isSaved(whileItRuns: ["other.py"]) == [true, false])
        #expect(try isSaved(whileItRuns: ["build.sh"]) == [true, false], "another language")
        #expect(try isSaved(whileItRuns: ["orders.db"], then: ["mine.py"]) == [false, true])
        #expect(try isSaved(whileItRuns: [], then: ["words.txt"]) == [false, true], "nothing runs then")
    }

    @Test func nothingToWatch() async throws {
        try await onStage(.inThisProcess) { stage in
            let output = try await stage.run("workbook", words: ["watch", "1.2", "--", "cat", "nowhere"], status: 2)
            #expect(output.errors.contains { $0.hasSuffix("names no file that could be saved") })
            #expect(try await stage.run("workbook", words: ["watch", "1.3"], status: 64).lines.isEmpty)
        }
    }

    @Test func savedFilesAreThoseBesideTheProgram() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "a.py").path
        try Data("1".utf8).write(to: URL(filePath: file))
        #expect(SavedFiles.folders(of: ["/bin/sh", file, "work"]) == [folder.path])
        let before = SavedFiles([folder.path])
        #expect(before == SavedFiles([folder.path]) && !before.isEmpty)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: file)
        #expect(before != SavedFiles([folder.path]))
        #expect(SavedFiles([folder.appending(path: "away").path]).isEmpty)
    }

    // MARK: Exercises to think about

    @Test func aThoughtIsComparedWithAnother() throws {
        let chapter = try #require(Chapter.find("hello"))
        let page = try #require(ExercisePage("1.3", of: chapter))
        func isShared(_ typed: [String]) -> Bool {
            var typed = typed
            return Thought(page, read: { typed.isEmpty ? nil : typed.removeFirst() }).isShared("1.3")
        }
        #expect(isShared(["Two queues,", "two brokers.", "", "yes"]))
        #expect(!isShared(["Two queues.", "", "n"]) && !isShared(["Two queues.", ""]))
        #expect(!isShared(["", "y"]) && !isShared([]) && !isShared(["Two queues."]))
    }

    // MARK: start

    @Test func oneFolderBuildsAllPrograms() {
        let manifest = StartCommand.manifest(["hello", "rpc"])
        #expect(manifest.contains(#"let programs = ["hello", "rpc"]"#) && manifest.contains(#"name: "my-\(name)""#))
    }

    @Test(arguments: StartLanguage.all) func startInAnotherLanguage(language: StartLanguage) async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let said = Mutex<[String]>([])
        let command = "\(Repository.products.appending(path: "workbook").path) start worker \(language.option.name)"
        let program = try RunningProgram(
            ["sh", "-c", "cd \(folder.path) && \(command)"],
            environment: ["WORKBOOK_PROGRESS": folder.appending(path: "progress").path]
        ) { line in said.withLock { $0.append(line) } }
        #expect(await eventually(.patience) { program.statusBehindItsLines != nil })
        let copy = folder.appending(path: "my/worker-\(language.name.lowercased())")
        for file in language.files(.worker) {
            let text = try String(contentsOf: copy.appending(path: file), encoding: .utf8)
            #expect(try text == Repository.text("\(language.folder)/\(file)"))
        }
        // As it stands there it can be typed: with the role that the exercise is about.
        let last = "    swift run workbook watch 2.2 -- \(language.command(.worker)) work"
        #expect(said.withLock { $0.last } == last)
    }

    /// A chapter more is one in each language.
    @Test(arguments: StartLanguage.all) func aLanguageHasEveryStep(language: StartLanguage) throws {
        for chapter in Chapter.all {
            for file in language.files(chapter) { #expect(try !Repository.text("\(language.folder)/\(file)").isEmpty) }
        }
    }

    // MARK: What chapter 9 teaches

    private func revives(
        noAck: Bool = false, confirmed: Bool = true, ackFirst: Bool = false, isTransaction: Bool = false
    ) -> Bool {
        var made = MadeUpLog()
        made.opens()
        made.consumes("jobs.dead", noAck: noAck)
        made.gets(1, "Boom!")
        if ackFirst { made.acks(1) }
        if isTransaction { made.program(.txSelect(TxSelect())) }
        made.publishes("Boom!", key: "jobs")
        if confirmed { made.broker(.basicAck(BasicAck(deliveryTag: 1, multiple: false))) }
        if !noAck, !ackFirst { made.acks(1) }
        if isTransaction { made.program(.txCommit(TxCommit())) }
        return RetryExercises.losesNothing(made.log).isGood
    }

    @Test func aJobIsSafeBeforeItIsGone() {
        #expect(revives())
        #expect(revives(confirmed: false, isTransaction: true))
        #expect(!revives(confirmed: false))
        #expect(!revives(ackFirst: true))
        #expect(!revives(noAck: true))
    }

    // MARK: A class

    @Test func aClassOnOnePage() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = [folder.appending(path: "<Bo>.txt"), folder.appending(path: "ada/\(Progress.name)")]
        try FileManager.default.createDirectory(
            at: folder.appending(path: "ada"), withIntermediateDirectories: true)
        try Data("play 1\ncheck 1.1\nguess two-consumers 1 wrong\n".utf8).write(to: files[0])
        try Data("guess two-consumers 1 wrong\nguess other-name 1 wrong\n".utf8).write(to: files[1])
        let report = try ClassReport(files: files)
        #expect(report.readers.map(\.name) == ["<Bo>", "ada"])
        #expect(report.readers[0].share(of: Chapter.all[0]) == (2, 8))
        #expect(report.missed.map(\.kind) == ["two-consumers", "other-name"])
        #expect(report.html.contains("&lt;Bo&gt;") && !report.html.contains("<Bo>"))
        #expect(report.lines[0].hasPrefix("<Bo>: 2 of ") && report.lines[0].hasSuffix("; missed: two-consumers"))
        #expect(throws: (any Error).self) { try ClassReport(files: [folder.appending(path: "nobody")]) }
    }
}
