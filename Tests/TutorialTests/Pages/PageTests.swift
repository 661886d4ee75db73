import Foundation
import TestSupport
import Testing

@testable import workbook

/// The pages are what the repository is: code, links, rules and words.
@Suite(.watched) struct PageTests {
    init() async throws {
        if ProcessInfo.processInfo.environment["UPDATE_PAGES"] != nil { try await Update.pages() }
    }

    @Test func codeIsTheCodeThatRuns() throws {
        expectNone(try Repository.pages().flatMap { try Review.code(of: $0) })
    }

    @Test func errorsAreTheBrokersOwn() async throws {
        for page in try Repository.pages() {
            for block in page.blocks where block.language == "text" {
                let name = block.directives["error"] ?? ""
                let lines = try await BrokerErrors.lines(name, by: block.directives["by"])
                #expect(lines == block.lines, "\(page.path):\(block.line): error '\(name)'")
            }
        }
    }

    @Test func linksLead() throws {
        expectNone(try Repository.pages().flatMap { Review.links(of: $0) })
    }

    @Test func rulesExist() throws {
        let catalogue = Set(try Review.catalogue().keys)
        expectNone(try Repository.pages().flatMap { Review.rules(of: $0, catalogue: catalogue) })
    }

    @Test func rulesAreAboutWhatThePageSays() throws {
        let catalogue = try Review.catalogue()
        let table = RuleReferences.read(RuleReferences.table)
        let chapters = try Repository.chapters()
        #expect(Set(table.keys) == Set(chapters.map { $0.path.components(separatedBy: "/")[1] }))
        for chapter in chapters {
            let hints = try Page(path: chapter.path.replacing("README.md", with: "hints.md"))
            let rows = table[chapter.path.components(separatedBy: "/")[1]] ?? [:]
            expectNone(RuleReferences.problems(of: [chapter, hints], rows: rows, catalogue: catalogue))
        }
    }

    @Test func commandsExist() throws {
        let known = Set(WorkbookProgram.program.help.matches(of: /workbook ([a-z]+)/).map { String($0.1) })
        #expect(known.isSuperset(of: ["play", "draw", "check", "hint"]))
        expectNone(try Repository.pages().flatMap { Review.commands(of: $0, subcommands: known) })
    }

    @Test func termsAreExplainedBeforeTheyAreUsed() throws {
        expectNone(try Review.terms(of: Repository.chapters()))
    }

    @Test func exercisesHaveThreeHints() throws {
        for chapter in try Repository.chapters() {
            let hints = try Page(path: chapter.path.replacing("README.md", with: "hints.md"))
            expectNone(Review.hints(of: chapter, hints: hints))
        }
    }

    @Test func chaptersHaveTheirEightParts() throws {
        let parts = [
            "The question", "The picture", "Run it", "Predict", "Read it", "Break it", "Exercises",
            "What you can now say",
        ]
        for chapter in try Repository.chapters() {
            #expect(chapter.headings.filter(parts.contains) == parts, "\(chapter.path)")
            for key in ["step", "minutes", "objectives", "out of scope", "prerequisites", "terms", "cases"] {
                #expect(chapter.frontMatter[key]?.isEmpty == false, "\(chapter.path): no '\(key)'")
            }
        }
    }
}

/// Reports each problem in its own words.
func expectNone(_ problems: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for problem in problems { Issue.record(Comment(rawValue: problem), sourceLocation: sourceLocation) }
}

/// The review sees what is wrong.
@Suite(.watched) struct ReviewTests {
    private func page(_ text: String) -> Page { Page(path: "Tutorials/01-hello/README.md", text: text) }

    @Test func codeThatDiffers() throws {
        let wrong = page("<!-- code: Sources/hello/Send.swift#send -->\n```swift\nfunc send() {}\n```")
        #expect(try Review.code(of: wrong).first?.contains("differs") == true)
        #expect(try Review.code(of: page("```swift\nlet a = 1\n```")).count == 1)
        #expect(try Review.code(of: page("<!-- change: Package.swift -->\n```diff\n-no such line\n```")).count == 1)
        #expect(throws: (any Error).self) {
            try Review.code(of: page("<!-- code: Sources/hello/Send.swift#nothing -->\n```swift\n```"))
        }
    }

    @Test func linksThatAreDead() {
        #expect(Review.links(of: page("[a](nowhere.md)")).count == 1)
        #expect(Review.links(of: page("[a](#nowhere)")).count == 1)
        #expect(Review.links(of: page("[a](../README.md#how-to-use-it), [b](#run-it)")) == [])
    }

    @Test func rulesThatAreNone() {
        let text = "`basic/01` and `basic/99`, but not `Sources/a`"
        #expect(
            Review.rules(of: page(text), catalogue: ["basic/01"]) == [
                "Tutorials/01-hello/README.md:1: there is no rule basic/99"
            ])
    }

    @Test func rulesAboutSomethingElse() {
        let catalogue = [
            "queue.bind/copy": "A queue gets one copy.", "queue.unbind/01": "A failed unbind is an error.",
        ]
        func problems(_ text: String, _ rows: [String: String]) -> [String] {
            RuleReferences.problems(of: [page(text)], rows: rows, catalogue: catalogue)
        }
        let text = "It gets a copy. Rule: `queue.bind/copy`."
        #expect(problems(text, ["queue.bind/copy": "A queue gets one <<copy>>."]) == [])
        #expect(problems(text, [:]).first?.contains("A queue gets one copy.") == true)
        #expect(problems(text, ["queue.bind/copy": "A <<queue>> gets one copy."]).count == 1)
        #expect(problems(text, ["queue.bind/copy": "A queue gets one copy."]).count == 1)
        #expect(problems(text, ["queue.bind/copy": "A queue gets a <<copy>>."]).count == 1)
        #expect(problems("It gets none.", ["queue.bind/copy": "A queue gets one <<copy>>."]).count == 2)
        let other = "Take the binding away. Rule: `queue.unbind/01`."
        #expect(problems(other, ["queue.unbind/01": "A <<failed>> unbind is an error."]).count == 1)
        // The name of a rule is not a word of the page.
        #expect(problems(other, ["queue.unbind/01": "A failed <<unbind>> is an error."]).count == 1)
    }

    @Test func commandsThatAreNone() {
        let text = "`swift run nothing` and `swift run workbook dance`, `swift run workbook play hello`"
        #expect(Review.commands(of: page(text), subcommands: ["play"]).count == 2)
    }

    @Test func termsThatComeTooEarly() {
        let first = page("---\nterms: queue\n---\nA **queue**, and Bindings.")
        let second = page("---\nterms: binding, key\n---\nA **binding**. A **word**.")
        let problems = Review.terms(of: [first, second])
        #expect(problems.count == 3)
        #expect(problems.contains { $0.contains(":4: 'binding' is explained only in") })
        #expect(problems.contains { $0.contains("'word' is bold") })
        #expect(problems.contains { $0.contains("'key' should be bold once") })
    }

    @Test func hintsThatAreMissing() {
        let chapter = page("1. **1.1** Do it.")
        #expect(Review.hints(of: chapter, hints: page("## 1.1\n\n1. a\n2. b\n3. c")) == [])
        #expect(Review.hints(of: chapter, hints: page("## 1.1\n\n1. a\n2. b")).count == 1)
        #expect(Review.hints(of: chapter, hints: page("## 1.2\n\n1. a\n2. b\n3. c")).count == 1)
    }
}
