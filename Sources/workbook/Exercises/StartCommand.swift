import Commands
import Foundation
import Platform

/// `workbook start`: a folder with a copy of a step's program, for the reader to change.
enum StartCommand {
    static let command = Command(
        "workbook start", takes: "STEP", options: StartLanguage.all.map(\.option),
        does: "makes a folder with a copy of a step's program, yours to change; git ignores it")

    static let folder = "my"

    /// Where the copy of a chapter's program is, from the top of the repository.
    static func path(_ chapter: Chapter) -> String { "\(folder)/\(chapter.step)" }

    struct CannotStart: Error, CustomStringConvertible { let description: String }

    static func run(_ given: Arguments) -> Int32 {
        let chapter = Chapter.named(given.words[0], command)
        do {
            let root = URL(filePath: FileManager.default.currentDirectoryPath)
            let languages = StartLanguage.all.filter { given.has($0.option) }
            for language in languages { try copy(chapter, in: language, to: root).forEach { say($0) } }
            if languages.isEmpty { try inSwift(chapter, in: root).forEach { say($0) } }
            Progress.add("start \(chapter.number)")
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    private static func inSwift(_ chapter: Chapter, in root: URL) throws -> [String] {
        try make(chapter, in: root)
        let path = path(chapter)
        let waiting = chapter.play.waiting.first?.typed ?? ""
        return [
            "\(path) has a copy of Sources/\(chapter.step), yours to change. Run it:",
            "    swift run --package-path \(folder) my-\(chapter.step) --help",
        ] + judged(chapter, by: nil, watched: "\(folder)/.build/debug/my-\(chapter.step) \(waiting)")
    }

    private static func copy(_ chapter: Chapter, in language: StartLanguage, to root: URL) throws -> [String] {
        let path = language.path(chapter)
        let target = root.appending(path: path)
        try checkIsNew(target, path)
        let programs = SourceTree.path(language.folder)
        let names = language.files(chapter)
        // Before anything is made: half a copy would be in the way of the next attempt.
        if let missing = names.first(where: { !FileManager.default.fileExists(atPath: "\(programs)/\($0)") }) {
            throw CannotStart(description: "There is no \(programs)/\(missing) to copy.")
        }
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        for file in names {
            try FileManager.default.copyItem(at: URL(filePath: "\(programs)/\(file)"), to: target.appending(path: file))
        }
        let program = language.command(chapter)
        let waiting = "\(program) \(chapter.play.waiting.first?.typed ?? "")"
        return [
            "\(path) has the step in \(language.name), yours to change. It needs \(language.client): "
                + "\(language.installation). Run it:",
            "    \(waiting)",
        ] + judged(chapter, by: program, watched: waiting)
    }

    /// How the copy is judged.
    ///
    /// - Parameter program: what starts it; nil for one in Swift, which the workbook builds and starts itself
    private static func judged(_ chapter: Chapter, by program: String?, watched: String) -> [String] {
        for exercise in chapter.exercises {
            guard case .program(let words, _) = exercise.task else { continue }
            let command = program.map { " -- \($0) \(Part(words: words).typed)" } ?? ""
            return [
                "and have an exercise judged each time you save a file:",
                "    swift run workbook watch \(exercise.id)\(command)",
            ]
        }
        return [
            "and have it watched in one of its roles:",
            "    swift run workbook check \(chapter.number) -- \(watched)",
        ]
    }

    /// What the reader has written is never overwritten.
    private static func checkIsNew(_ target: URL, _ path: String) throws {
        guard !FileManager.default.fileExists(atPath: target.path) else {
            throw CannotStart(
                description: "\(path) already exists, and is unchanged. Move it away to start again.")
        }
    }

    static func make(_ chapter: Chapter, in root: URL) throws {
        if SourceTree.isReleased { throw NeedsToolchain() }
        let files = FileManager.default
        let source = root.appending(path: "Sources/\(chapter.step)")
        let target = root.appending(path: path(chapter))
        guard files.fileExists(atPath: source.path) else {
            throw CannotStart(
                description: "There is no Sources/\(chapter.step) here. Run it at the top of the repository.")
        }
        try checkIsNew(target, path(chapter))
        try files.createDirectory(at: root.appending(path: folder), withIntermediateDirectories: true)
        try files.copyItem(at: source, to: target)
        let steps = Chapter.all.map(\.step).filter {
            files.fileExists(atPath: root.appending(path: "\(folder)/\($0)/main.swift").path)
        }
        try Data(manifest(steps).utf8).write(to: root.appending(path: "\(folder)/Package.swift"))
    }

    /// A package of their own, so that what doesn't build doesn't stop the rest of the repository. One for all, so that
    /// the client is built once.
    static func manifest(_ steps: [String]) -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        // `workbook start` rewrites this file, with a program for each folder.
        let programs = [\(steps.map { "\"\($0)\"" }.joined(separator: ", "))]
        let package = Package(
            name: "my",
            platforms: [.macOS(.v15)],
            dependencies: [.package(name: "messaging-patterns", path: "..")],
            targets: programs.map { name in
                .executableTarget(
                    name: "my-\\(name)",
                    dependencies: [
                        .product(name: "AMQPClient", package: "messaging-patterns"),
                        .product(name: "TutorialKit", package: "messaging-patterns"),
                    ],
                    path: name)
            },
            swiftLanguageModes: [.v6]
        )

        """
    }

    /// Builds the reader's program, and returns the words that start it.
    static func program(of chapter: Chapter) throws -> [String] {
        if SourceTree.isReleased { throw NeedsToolchain() }
        guard FileManager.default.fileExists(atPath: path(chapter)) else {
            throw CannotStart(
                description:
                    "There is no \(path(chapter)) yet: swift run workbook start \(chapter.number) makes it. For a program "
                    + "in another language: swift run workbook check EXERCISE -- COMMAND")
        }
        complain("building \(path(chapter)); the first time this takes a minute")
        guard try runSwift("build", "--quiet", "--package-path", folder, "--product", "my-\(chapter.step)") else {
            throw CannotStart(description: "\(path(chapter)) does not build.")
        }
        return ["\(folder)/.build/debug/my-\(chapter.step)"]
    }
}
