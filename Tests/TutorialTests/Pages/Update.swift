import Foundation

/// `UPDATE_PAGES=1 swift test --filter Page` writes into the pages what their blocks of code and errors should say.
/// Transcripts are not written: a changed output is a decision, and somebody should look at it.
enum Update {
    static func pages() async throws {
        for page in try Repository.pages() {
            var lines = page.text.components(separatedBy: "\n")
            for block in page.blocks.reversed() {
                guard let content = try await content(of: block) else { continue }
                let range = block.line..<(block.line + block.lines.count)
                lines.replaceSubrange(range, with: content.map { $0.isEmpty ? "" : block.indentation + $0 })
            }
            let text = lines.joined(separator: "\n")
            if text != page.text {
                try text.write(to: Repository.root.appending(path: page.path), atomically: true, encoding: .utf8)
            }
        }
    }

    private static func content(of block: Page.Block) async throws -> [String]? {
        if let reference = block.directives["code"] { return try Shown.code(reference) }
        let by = block.directives["by"]
        if let name = block.directives["error"] { return try await BrokerErrors.lines(name, by: by) }
        if block.directives["picture"] != nil { return try await Pictures.lines(block) }
        return nil
    }
}
