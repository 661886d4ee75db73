import Foundation
import TestSupport
import Testing

@testable import workbook

/// The list of chapters, beside what else the repository has of each: folders, programs, pages, exercises.
@Suite struct ChapterTests {
    @Test func numbersCountFromOne() {
        #expect(Chapter.all.map(\.number) == Array(1...Chapter.all.count))
        #expect(Set(Chapter.all.map(\.step)).count == Chapter.all.count)
    }

    /// A folder that is not in the list is a chapter that somebody forgot.
    @Test func foldersAreThoseOfTheList() throws {
        func folders(_ path: String) throws -> Set<String> {
            let here = Repository.root.appending(path: path)
            let all = try FileManager.default.contentsOfDirectory(atPath: here.path)
            return Set(all.filter { !$0.contains(".") })
        }
        let steps = Set(Chapter.all.map(\.step))
        #expect(try folders("Sources/workbook/Chapters") == steps)
        #expect(try Set(folders("Tutorials").map { "Tutorials/\($0)" }) == Set(Chapter.all.map(\.folder)))
        for step in steps { #expect(Repository.exists("Sources/\(step)/main.swift"), "\(step)") }
    }

    /// Who copies a chapter gives its files the new name: any other file would be in the module twice.
    @Test func filesHaveTheNameOfTheirChapter() throws {
        for chapter in Chapter.all {
            let folder = Repository.root.appending(path: "Sources/workbook/Chapters/\(chapter.step)")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(files.filter { !$0.lowercased().hasPrefix(chapter.step) } == [])
        }
    }

    @Test func programsAreThoseOfThePackage() throws {
        let manifest = try Repository.text("Package.swift")
        let list = try #require(manifest.firstMatch(of: /let steps = \[([^\]]*)\]/)).1
        #expect(list.matches(of: /"([a-z-]+)"/).map { String($0.1) } == Chapter.all.map(\.step))
    }

    /// What packs them or plays them all reads that list too.
    @Test(.watched) func scriptsReadThatList() async throws {
        let script = "cd '\(Repository.root.path)' && . Scripts/library/processes.sh && course_steps"
        let bash = try Program("/bin/bash", ["-c", script], environment: [:]) {}
        try await until { bash.hasEnded }
        let steps = bash.lines.joined().split(separator: " ").map(String.init)
        #expect(steps == Chapter.all.map(\.step), "\(bash.account)")
    }

    /// The title, the question and the sections of a page, and the roles in the table of the front page.
    @Test(arguments: Chapter.all.map(\.step)) func pagesSayTheSame(step: String) throws {
        let chapter = try #require(Chapter.find(step))
        #expect(chapter.title.count <= 27, "the overview has no more room")
        let page = try Page(path: "\(chapter.folder)/README.md")
        #expect(page.frontMatter["step"] == step)
        let title = try #require(page.headings.first)
        #expect(title.hasPrefix("\(chapter.number). ") && title.hasSuffix(": \(chapter.title)"), "\(title)")
        #expect(page.prose.map(\.text).joined(separator: " ").contains(chapter.question))
        for section in Paragraph.Section.allCases {
            let path = Paragraph(step, section).path
            #expect(path.hasPrefix(page.path))
            let link = "[a](\(path.dropFirst("Tutorials/".count)))"
            #expect(Review.links(of: Page(path: "Tutorials/README.md", text: link)) == [])
        }
        let row =
            "| [\(chapter.number) \(step)](\(page.path)) | `swift run \(step)` | "
            + chapter.roles.map { "`\($0.replacing("|", with: #"\|"#))`" }.joined(separator: ", ") + " | "
        #expect(try Repository.text("README.md").contains("\n" + row), "\(row)")
        let link = page.path.dropFirst("Tutorials/".count)
        let map = "| \(chapter.number) | [\(step)](\(link)) | \(chapter.question) | "
        let rows = try Repository.text("Tutorials/README.md").split(separator: "\n")
        let line = try #require(rows.first { $0.hasPrefix(map) }, "\(map)")
        let minutes = try #require(page.frontMatter["minutes"].flatMap { Int($0) })
        #expect(line.hasSuffix(" | \(minutes) |"))
    }

    /// What a chapter plays are roles that it has, and each of them is played.
    @Test(arguments: Chapter.all.map(\.step)) func scenesHaveTheRolesOfTheStep(step: String) throws {
        let chapter = try #require(Chapter.find(step))
        let roles = Set(chapter.roles.map { $0.prefix { $0 != " " } })
        let scenes = [
            chapter.play.waiting + chapter.play.acting, chapter.compare.parts,
            chapter.trace.waiting + [chapter.trace.acting],
        ]
        for parts in scenes { #expect(Set(parts.compactMap { $0.words.first?.prefix { $0 != " " } }) == roles) }
    }

    /// A paragraph of a step that does not exist would lead nowhere.
    @Test func paragraphsAreOfChapters() throws {
        for chapter in Chapter.all {
            let folder = Repository.root.appending(path: "Sources/workbook/Chapters/\(chapter.step)")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let text = try files.map { try Repository.text("Sources/workbook/Chapters/\(chapter.step)/\($0)") }.joined()
            let steps = Set(text.matches(of: /Paragraph\("([^"]*)"/).map { String($0.1) })
            #expect(steps == [chapter.step], "a chapter names its own paragraphs")
        }
    }

    /// An exercise that a program can tell stands in its chapter, has three hints, and a solution to compare with.
    @Test(arguments: Chapter.all.flatMap(\.exercises).map(\.id)) func exercisesStandInTheirChapters(id: String) throws {
        let (chapter, exercise) = try #require(Chapter.exercise(id))
        #expect(id.hasPrefix("\(chapter.number)."))
        #expect(try Repository.text("\(chapter.folder)/README.md").contains("**\(id)**"))
        switch exercise.task {
        case .program:
            #expect(Repository.exists("Tests/Solutions/\(exercise.solution).swift"))
        case .prediction(let questions):
            let asked = Set(chapter.questions.map(\.kind))
            for question in questions { #expect(!asked.contains(question.kind), "it was asked before") }
        case .thought:
            #expect(ExercisePage(id, of: chapter)?.answer?.isEmpty == false)
        case .breakage(_, let rule, _):
            #expect(try Repository.text("Sources/ConformanceSuite/Catalogue/rules.tsv").contains("\n\(rule)\t"))
        }
    }

    @Test func everyExerciseHasThreeHints() throws {
        for chapter in Chapter.all {
            let page = try Repository.text(chapter.page)
            let ids = page.matches(of: /\*\*([0-9]+\.[0-9]+)\*\*/).map { String($0.1) }
            #expect(ids == chapter.exercises.map(\.id).sorted(), "the page and the chapter have the same exercises")
            for id in ids {
                let exercise = try #require(ExercisePage(id, of: chapter))
                #expect(exercise.hints.count == 3 && !exercise.task.isEmpty && !exercise.task.contains("*"), "\(id)")
            }
        }
    }

    /// Each is played alone, by programs in Python in our place, and by right and wrong ones.
    @Test func nobodyLeavesAChapterOut() throws {
        let steps = Chapter.all.map(\.step)
        #expect(PlayTests.plays.map(\.step) == steps)
        #expect(TraceCommandTests.expected.map(\.step) == steps)
        #expect(Set(CommandLineTests.nonsense.map { String($0.prefix { $0 != " " }) }) == Set(steps))
        let exchanges = try Repository.text("Scripts/library/exchanges.py")
        for step in steps {
            #expect(exchanges.contains("\"\(step)\": \(step),"), "\(step)")
            #expect(Repository.exists("Scripts/subjects/\(step).py"), "\(step)")
        }
    }

    /// What lasts on a broker is deleted before the next step is played there, by the tests and by the script.
    @Test func whatTheStepsDeclareIsForgotten() throws {
        let queues = try declared("Queue")
        #expect(queues.isSuperset(of: ["hello", "jobs.retry"]))
        #expect(try declared("Exchange").isSuperset(of: ["logs", "headers_logs"]))
        let script = try Repository.text("Scripts/cross-language")
        let list = try #require(script.firstMatch(of: /\nfor queue in \[([^\]]*)\]:/)).1
        #expect(Set(list.matches(of: /"([^"]+)"/).map { String($0.1) }) == queues)
    }

    @Test func pagesCountTheChapters() throws {
        let formatter = NumberFormatter()
        (formatter.locale, formatter.numberStyle) = (Locale(identifier: "en"), .spellOut)
        let count = try #require(formatter.string(from: NSNumber(value: Chapter.all.count)))
        let front = try Repository.text("README.md")
        #expect(front.contains(" \(count) small programs") && front.contains("\n## The \(count) steps\n"))
        #expect(front.contains(", \(count) chapters of about"))
        let steps = Chapter.all.map(\.step)
        #expect(front.contains("\n| `\(steps[0])` … `\(steps[steps.count - 1])` | the steps, "))
        let map = try Repository.text("Tutorials/README.md")
        #expect(map.contains("\n\(count.capitalized) chapters, \(count) small programs."))
        #expect(try Repository.text("Scripts/watched-clients").contains("the \(count) steps"))
    }

    /// Each page ends with the way on.
    @Test func everyPageLeadsToTheNext() throws {
        for (chapter, next) in zip(Chapter.all, Chapter.all.dropFirst().map(Optional.init) + [nil]) {
            let last = try Repository.text(chapter.page).split(separator: "\n").last ?? ""
            let way = next.map { "Next: [chapter \($0.number)](../\($0.page.dropFirst("Tutorials/".count)))" }
            #expect(last.contains(way ?? "Back to [the map](../README.md)"), "\(chapter.step)")
        }
    }

    @Test func scriptsReadTheList() {
        let rows = ChaptersCommand.rows
        #expect(rows.count == Chapter.all.count + 1)
        #expect(rows.allSatisfy { $0.count == rows[0].count && !$0.joined().contains { "\t\n".contains($0) } })
        #expect(rows[1][...3] == ["1", "hello", "one queue", "Tutorials/01-hello/README.md"])
    }

    @Test func questionsBelongToTheirChapters() {
        #expect(
            Question.all.map(\.chapter)
                == Chapter.all.flatMap { chapter in chapter.questions.map { _ in chapter.number } })
    }

    @Test func chaptersAreFoundByNumberAndName() {
        #expect(Chapter.find("2")?.step == "worker" && Chapter.find("worker")?.number == 2)
        #expect(Chapter.find("0") == nil && Chapter.find("") == nil && Chapter.find("02") == nil)
    }
}
