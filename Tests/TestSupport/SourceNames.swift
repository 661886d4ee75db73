/// The names that a file declares.
extension SourceFile {
    /// All of them, at whatever depth: types, members, cases, variables, and with them the labels of parameters and tuples.
    public var declaredNames: Set<String> {
        let (colon, comma) = (UInt8(ascii: ":"), Array(", ".utf8)[...])
        var names: Set<String> = []
        var (last, isInCase) = ("", false)
        for (gap, word) in wordsWithGaps {
            if gap.first == colon { names.insert(last) }
            // `case one, another`.
            isInCase = last == "case" || isInCase && gap == comma
            if isInCase || Self.declaring.contains(last) { names.insert(word) }
            last = word
        }
        return names
    }

    /// What the extensions of this file add to types, and other files can use.
    public var extensionMembers: [String] {
        var (members, isInExtension) = ([String](), false)
        for line in lines where !line.isEmpty {
            if line.utf8.first != .space {
                if line != "}" { isInExtension = line.split(separator: " ").contains("extension") }
                continue
            }
            guard isInExtension, line.hasPrefix("    "), !line.hasPrefix("     ") else { continue }
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(where: { ["func", "var", "let"].contains($0) }),
                place + 1 < words.count, Set(words[..<place]).isDisjoint(with: ["private", "fileprivate"])
            else { continue }
            let name = String(Substring(words[place + 1].utf8.prefix { $0.isInWord }))
            // An operator has none.
            if !name.isEmpty { members.append(name) }
        }
        return members
    }

    private static let declaring: Set = [
        "func", "var", "let", "class", "struct", "enum", "protocol", "actor", "typealias", "associatedtype",
    ]

    /// All words of the code, in order, each with what stands between it and the one before; in the end an empty one.
    private var wordsWithGaps: [(gap: ArraySlice<UInt8>, word: String)] {
        let octets = Array(code.utf8)
        var found: [(gap: ArraySlice<UInt8>, word: String)] = []
        var at = 0
        while at < octets.count {
            let gap = octets[at...].prefix { !$0.isInWord }
            let word = octets[gap.endIndex...].prefix { $0.isInWord }
            found.append((gap, String(decoding: word, as: UTF8.self)))
            at = word.endIndex
        }
        return found
    }
}
