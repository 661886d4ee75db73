import Foundation

/// Turns a line of Markdown into HTML: code, links, bold and italic.
struct InlineMarkdown {
    /// Where a link leads on the site, given what the page says. nil: nowhere, its words alone are shown.
    var link: (String) -> String? = { $0 }
    /// Where a word in code style leads, if anywhere: rules have a page of their own.
    var codeLink: (String) -> String? = { _ in nil }

    func html(_ text: String) -> String {
        var html = ""
        var rest = text[...]
        while let character = rest.first {
            if character == "\\", let next = rest.dropFirst().first, next.isASCII, next.isPunctuation || next.isSymbol {
                html += escaped(String(next))
                rest = rest.dropFirst(2)
            } else if character == "`", let (code, after) = code(rest) {
                let element = "<code>\(escaped(code))</code>"
                html += codeLink(code).map { "<a class=\"rule\" href=\"\(escaped($0))\">\(element)</a>" } ?? element
                rest = after
            } else if character == "[", let (label, target, after) = linkParts(rest) {
                let words = self.html(label)
                html += link(target).map { "<a href=\"\(escaped($0))\">\(words)</a>" } ?? words
                rest = after
            } else if character == "<", let end = rest.firstIndex(of: ">"), rest.dropFirst().hasPrefix("http") {
                let target = String(rest[rest.index(after: rest.startIndex)..<end])
                html += "<a href=\"\(escaped(target))\">\(escaped(target))</a>"
                rest = rest[rest.index(after: end)...]
            } else if rest.hasPrefix("**"), let (inside, after) = span(rest, "**") {
                html += "<strong>\(self.html(inside))</strong>"
                rest = after
            } else if character == "*", let (inside, after) = span(rest, "*") {
                html += "<em>\(self.html(inside))</em>"
                rest = after
            } else {
                html += escaped(String(character))
                rest = rest.dropFirst()
            }
        }
        return html
    }

    /// The text alone, for titles and for the names of headings.
    static func plain(_ text: String) -> String {
        var plain = ""
        var isTag = false
        for character in InlineMarkdown().html(text) {
            if character == "<" { isTag = true }
            if !isTag { plain.append(character) }
            if character == ">" { isTag = false }
        }
        return plain.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&amp;", with: "&")
    }

    /// As many backticks end it as began it.
    private func code(_ text: Substring) -> (code: String, after: Substring)? {
        let fence = String(text.prefix { $0 == "`" })
        let inside = text.dropFirst(fence.count)
        guard let end = inside.range(of: fence) else { return nil }
        var code = inside[..<end.lowerBound].replacing("\n", with: " ")
        if fence.count > 1 { code = code.trimmingCharacters(in: .whitespaces)[...] }
        return (String(code), inside[end.upperBound...])
    }

    private func linkParts(_ text: Substring) -> (label: String, target: String, after: Substring)? {
        guard let middle = text.range(of: "]("), let end = text[middle.upperBound...].firstIndex(of: ")") else {
            return nil
        }
        let label = text[..<middle.lowerBound].dropFirst()
        guard !label.contains("]"), !label.contains("[") else { return nil }
        return (String(label), String(text[middle.upperBound..<end]), text[text.index(after: end)...])
    }

    /// A mark with a space behind it, as in `2 * 3`, opens nothing.
    private func span(_ text: Substring, _ mark: String) -> (inside: String, after: Substring)? {
        let inside = text.dropFirst(mark.count)
        guard let first = inside.first, !first.isWhitespace, let end = inside.range(of: mark),
            end.lowerBound > inside.startIndex, !inside[inside.index(before: end.lowerBound)].isWhitespace
        else { return nil }
        return (String(inside[..<end.lowerBound]), inside[end.upperBound...])
    }
}

/// What HTML would read as its own, in its words for it.
package func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.append(character)
        }
    }
    return result
}
