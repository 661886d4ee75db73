import Testing

@testable import WorkbookSite

struct MarkdownTests {
    private func html(_ text: String) -> String {
        PageHTML(MarkdownPage(text).blocks, inline: InlineMarkdown()).html
    }

    @Test func aHeadingIsNamedAsOnGitHub() {
        #expect(html("## What you can now say") == "<h2 id=\"what-you-can-now-say\">What you can now say</h2>")
        #expect(html("# 2. Worker: `ack`") == "<h1 id=\"2-worker-ack\">2. Worker: <code>ack</code></h1>")
        #expect(html("## A\n## A").contains("id=\"a-1\""))
    }

    @Test func boldItalicCodeAndLinks() {
        #expect(
            html("A **queue**, *not* a `[list](x)`, see [this](a.md).")
                == "<p>A <strong>queue</strong>, <em>not</em> a <code>[list](x)</code>, see <a href=\"a.md\">this</a>.</p>"
        )
        #expect(html("2 * 3 * 4, `kern.*` and `#.*`") == "<p>2 * 3 * 4, <code>kern.*</code> and <code>#.*</code></p>")
        #expect(html("``a ` b`` \\*x\\*") == "<p><code>a ` b</code> *x*</p>")
    }

    @Test func whatHTMLWouldReadIsText() {
        #expect(html("a < b & `<script>`") == "<p>a &lt; b &amp; <code>&lt;script&gt;</code></p>")
        #expect(html("[x](\"onclick=1)") == "<p><a href=\"&quot;onclick=1\">x</a></p>")
    }

    @Test func aBlockInAListBelongsToItsItem() {
        let text = "1. Start:\n\n   <!-- terminal: 2, stays -->\n   ```console\n   $ go\n   ```\n\n2. Stop.\n\nAfter."
        guard case .list(1, let items)? = MarkdownPage(text).blocks.first else {
            Issue.record("no list: \(MarkdownPage(text).blocks)")
            return
        }
        #expect(items.count == 2)
        #expect(items[0].last == .code(language: "console", lines: ["$ go"], caption: "terminal 2"))
        #expect(MarkdownPage(text).blocks.last == .paragraph("After."))
    }

    @Test func aParagraphMayGoOnWithANumber() {
        #expect(MarkdownPage("It took\n15. Not a list.").blocks == [.paragraph("It took\n15. Not a list.")])
    }

    @Test func tablesKnowTheirCells() {
        #expect(
            MarkdownPage("| a | `x|y` |\n|---|:-:|\n| 1 \\| 2 | |").blocks
                == [.table(head: ["a", "`x|y`"], rows: [["1 | 2", ""]])])
    }

    @Test func detailsAndFrontMatter() {
        let page = MarkdownPage("---\nstep: hello\n---\n<details><summary>The answer</summary>\n\nYes.\n</details>")
        #expect(page.frontMatter == ["step": "hello"])
        #expect(page.blocks == [.details(summary: "The answer", [.paragraph("Yes.")])])
    }

    @Test(arguments: ["```", "|", "-", "1.", "<details>", "<!--", ">", "`", "**", "[", "[a](", "\\", "---\n", "#"])
    func whatIsUnfinishedEnds(text: String) {
        _ = html(text)
        _ = html("\(text)\n\(text)")
    }
}

struct CodeColoursTests {
    @Test func wordsOfSwift() {
        #expect(
            CodeColours.html(["let a = Queue(\"b \\(c(\"d\")) e\") // f"], language: "swift")
                == "<span class=\"keyword\">let</span> a = <span class=\"type\">Queue</span>"
                + "(<span class=\"string\">&quot;b \\(c(&quot;d&quot;)) e&quot;</span>) <span class=\"comment\">// f</span>"
        )
    }

    @Test func whatIsTypedStandsOut() {
        #expect(
            CodeColours.html(["$ swift run hello", " [x] Sent"], language: "console")
                == "<span class=\"prompt\">$ </span><span class=\"typed\">swift run hello</span>\n [x] Sent")
    }
}
