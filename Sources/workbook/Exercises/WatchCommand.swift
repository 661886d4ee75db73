import Commands
import Foundation

/// `workbook watch`: judges an exercise each time that its files are saved, and goes on to the next when it is done.
enum WatchCommand {
    static let command = Command(
        "workbook watch", takes: "[EXERCISE] [-- COMMAND...]",
        does: "judges an exercise again each time you save a file, and opens the next when it is done",
        notes: """
            Without EXERCISE it is the next one that asks for a program. It looks at your copy of the program in the \
            folder that `workbook start` made, or at the files that COMMAND names and those beside them, but not at files \
            that the program itself writes there (a log, a database). Ctrl-C ends it.
            """, isProgramPlain: true, count: 0...1)

    static func run(_ given: Arguments) async -> Int32 {
        ProcessFamily.endWithInterrupt()
        let command = given.command ?? []
        var id = given.words.first
        while let (chapter, exercise) = next(id) {
            for line in opening(exercise, chapter) { say(line) }
            guard await untilDone(exercise, chapter, command) else { return 2 }
            // Another exercise is another program, and only the reader knows its command.
            guard command.isEmpty, given.words.isEmpty || NextDeed(Progress.done()).isIn(chapter) else { return 0 }
            id = nil
        }
        if let id { wrong("'\(id)' is not an exercise that asks for a program", Self.command) }
        say(NextDeed(Progress.done()).line)
        return 0
    }

    /// The exercise with this id, or the next one that is open; nil when it asks for no program.
    private static func next(_ id: String?) -> (chapter: Chapter, exercise: Exercise)? {
        if let id { return Chapter.exercise(id).flatMap { $0.exercise.isProgram ? $0 : nil } }
        let done = Set(Progress.done())
        for chapter in Chapter.all {
            for exercise in chapter.exercises where exercise.isProgram && !done.contains("check \(exercise.id)") {
                return (chapter, exercise)
            }
        }
        return nil
    }

    private static func opening(_ exercise: Exercise, _ chapter: Chapter) -> [String] {
        ["", "Exercise \(exercise.id), in \(chapter.page):"]
            + wrapped(ExercisePage(exercise.id, of: chapter)?.task ?? "", indent: 2) + [""]
    }

    /// Judges, waits for a change, and judges again; false when nothing can ever change.
    private static func untilDone(_ exercise: Exercise, _ chapter: Chapter, _ command: [String]) async -> Bool {
        var written = WrittenFiles(command)
        while true {
            // Before the judgement: what is saved while it runs is judged next.
            let files = SavedFiles(command.isEmpty ? [StartCommand.path(chapter)] : SavedFiles.folders(of: command))
            guard !files.isEmpty else {
                complain(
                    command.isEmpty
                        ? "there is no \(StartCommand.path(chapter)) yet: swift run workbook start \(chapter.number)"
                        : "'\(command.joined(separator: " "))' names no file that could be saved")
                return false
            }
            if await ExerciseCommand.judge(exercise, chapter, command) == 0 { return true }
            let now = SavedFiles(files.folders)
            written.note(now.changes(since: files))
            if !written.isSaved(now.changes(since: files)) {
                say("Waiting for you to save a file. Ctrl-C ends this.")
                while !written.isSaved(SavedFiles(files.folders).changes(since: now)) {
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            say("")
        }
    }
}

extension NextDeed {
    fileprivate func isIn(_ chapter: Chapter) -> Bool {
        if case .exercise(_, chapter.number) = self { true } else { false }
    }
}

/// The files in some folders, and what tells one save of each from the next.
struct SavedFiles: Equatable {
    /// Not the time alone: the system's clock for files may stand still for some milliseconds, and a file that is put in the
    /// place of another brings its own time along.
    private struct Version: Equatable {
        let date: Date
        let size: UInt64
        let number: UInt64
    }

    let folders: [String]
    private let saved: [String: Version]

    init(_ folders: [String]) {
        self.folders = folders
        var saved: [String: Version] = [:]
        for folder in folders {
            let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            for entry in entries where !entry.hasPrefix(".") {
                let path = "\(folder)/\(entry)"
                guard let found = try? FileManager.default.attributesOfItem(atPath: path),
                    found[.type] as? FileAttributeType == .typeRegular, let date = found[.modificationDate] as? Date
                else { continue }
                saved[path] = Version(
                    date: date, size: found[.size] as? UInt64 ?? 0, number: found[.systemFileNumber] as? UInt64 ?? 0)
            }
        }
        self.saved = saved
    }

    var isEmpty: Bool { saved.isEmpty }

    /// The files that are new or gone, or were saved again.
    func changes(since other: SavedFiles) -> Set<String> {
        Set(saved.keys).union(other.saved.keys).filter { saved[$0] != other.saved[$0] }
    }

    /// The files that a command names.
    static func files(of command: [String]) -> [URL] {
        var files = command.filter { word in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: word, isDirectory: &isFolder) && !isFolder.boolValue
        }
        // An interpreter by its path is nothing that the reader saves.
        if files.count > 1, files[0] == command[0] { files.removeFirst() }
        return files.map { URL(filePath: $0) }
    }

    /// Where these are.
    static func folders(of command: [String]) -> [String] {
        Set(files(of: command).map { $0.deletingLastPathComponent().path }).sorted()
    }
}

/// The files that a program writes beside itself: what changes while it runs, and is no source.
///
/// The reader may save a file in the middle of a run, and nothing says who wrote one. But programs write logs and databases,
/// and no source. Once such a file is known it is not looked at any more: a program that is ended may write it a last time.
struct WrittenFiles {
    /// Endings of sources, in lower case.
    private static let endings: Set<String> = [
        "swift", "py", "rb", "php", "js", "mjs", "cjs", "ts", "go", "java", "kt", "kts", "scala", "clj", "groovy", "cs",
        "fs",
        "vb", "rs", "c", "h", "cc", "cpp", "cxx", "hpp", "m", "mm", "d", "zig", "nim", "hs", "ml", "ex", "exs", "erl",
        "lua",
        "pl", "pm", "r", "jl", "dart", "sh", "bash", "zsh", "fish", "ps1", "tcl", "lisp", "scm", "rkt",
    ]

    /// What the command starts: a script, or a program that the reader builds.
    private let program: URL?
    private var files: Set<String> = []

    init(_ command: [String]) { program = SavedFiles.files(of: command).first }

    /// These have changed while the program ran.
    mutating func note(_ changes: Set<String>) { files.formUnion(changes.filter { !isSource($0) }) }

    /// One of these was saved by the reader.
    func isSaved(_ changes: Set<String>) -> Bool { changes.contains { !files.contains($0) } }

    private func isSource(_ path: String) -> Bool {
        let file = URL(filePath: path)
        let ending = file.pathExtension.lowercased()
        guard let program else { return Self.endings.contains(ending) }
        return file.path == program.path || Self.endings.contains(ending)
            || !ending.isEmpty && ending == program.pathExtension.lowercased()
    }
}
