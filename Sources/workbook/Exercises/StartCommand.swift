import Commands
import Foundation
import Platform

/// `workbook start`: a folder with a copy of a step's program, for the reader to change.
enum StartCommand {
    static let command = Command(
        "workbook start", takes: "STEP",
        does: "makes a folder with a copy of a step's program, yours to change; git ignores it")

    static let folder = "my"

    struct CannotStart: Error, CustomStringConvertible { let description: String }

    static func run(_ given: Arguments) -> Int32 {
        let chapter = Chapter.named(given.words[0], command)
        do {
            try make(chapter, in: URL(filePath: FileManager.default.currentDirectoryPath))
            let path = "\(folder)/\(chapter.step)"
            say("\(path) has a copy of Sources/\(chapter.step), yours to change. Run it:")
            say("    swift run --package-path \(path) my-\(chapter.step) --help")
            if let exercise = chapter.exercises.first(where: \.isProgram) {
                say("and ask whether an exercise is done:")
                say("    swift run workbook check \(exercise.id)")
            } else {
                say("and have it watched in one of its roles:")
                say("    swift run workbook check \(chapter.number) -- \(watched(chapter))")
            }
            Progress.add("start \(chapter.number)")
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    /// The words that start the copy, once it is built, in the role that waits.
    private static func watched(_ chapter: Chapter) -> String {
        "\(folder)/\(chapter.step)/.build/debug/my-\(chapter.step) \(chapter.play.waiting.first?.typed ?? "")"
    }

    static func make(_ chapter: Chapter, in root: URL) throws {
        if SourceTree.isReleased { throw NeedsToolchain() }
        let files = FileManager.default
        let source = root.appending(path: "Sources/\(chapter.step)")
        let target = root.appending(path: "\(folder)/\(chapter.step)")
        guard files.fileExists(atPath: source.path) else {
            throw CannotStart(
                description: "There is no Sources/\(chapter.step) here. Run it at the top of the repository.")
        }
        // What the reader has written is never overwritten.
        guard !files.fileExists(atPath: target.path) else {
            throw CannotStart(
                description:
                    "\(folder)/\(chapter.step) already exists, and was not changed. Move it away to start again.")
        }
        let sources = target.appending(path: "Sources")
        try files.createDirectory(at: sources, withIntermediateDirectories: true)
        try files.copyItem(at: source, to: sources.appending(path: "my-\(chapter.step)"))
        try Data(manifest(chapter.step).utf8).write(to: target.appending(path: "Package.swift"))
    }

    /// A package of its own, so that what doesn't build doesn't stop the rest of the repository.
    static func manifest(_ step: String) -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let package = Package(
            name: "my-\(step)",
            platforms: [.macOS(.v15)],
            dependencies: [.package(name: "messaging-patterns", path: "../..")],
            targets: [
                .executableTarget(
                    name: "my-\(step)",
                    dependencies: [
                        .product(name: "AMQPClient", package: "messaging-patterns"),
                        .product(name: "TutorialKit", package: "messaging-patterns"),
                    ])
            ],
            swiftLanguageModes: [.v6]
        )

        """
    }

    /// Builds the reader's program, and returns the words that start it.
    static func program(of chapter: Chapter) throws -> [String] {
        if SourceTree.isReleased { throw NeedsToolchain() }
        let path = "\(folder)/\(chapter.step)"
        guard FileManager.default.fileExists(atPath: path) else {
            throw CannotStart(
                description:
                    "There is no \(path) yet: swift run workbook start \(chapter.number) makes it. For a program "
                    + "in another language: swift run workbook check EXERCISE -- COMMAND")
        }
        complain("building \(path); the first time this takes a minute")
        guard try runSwift("build", "--quiet", "--package-path", path) else {
            throw CannotStart(description: "\(path) does not build.")
        }
        return ["\(path)/.build/debug/my-\(chapter.step)"]
    }
}
