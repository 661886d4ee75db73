/// The same pictures as a drawing: one file, a picture for each finding, one below the other.
enum SequenceSVG {
    private static let (left, right, step, width) = (120, 560, 26, 680)

    static func text(_ pictures: [(title: String, picture: SequencePicture)]) -> String {
        var body: [String] = []
        var y = 0
        for (title, picture) in pictures {
            y += 34
            body.append(#"<text class="title" x="16" y="\#(y)">\#(escaped(title))</text>"#)
            y += 30
            body.append(#"<text x="\#(left)" y="\#(y)" text-anchor="middle">program</text>"#)
            body.append(#"<text x="\#(right)" y="\#(y)" text-anchor="middle">broker</text>"#)
            let top = y + 8
            for row in picture.rows {
                y += step
                body += drawn(row, y)
            }
            y += 14
            for x in [left, right] {
                body.append(#"<line class="life" x1="\#(x)" y1="\#(top)" x2="\#(x)" y2="\#(y)"/>"#)
            }
        }
        let head = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(y + 20)" font-family="sans-serif" font-size="13">
            <style>
            text { fill: #222 } .title { font-weight: bold } .life { stroke: #999 }
            .frame { stroke: #336 } .struck { fill: #b00; font-weight: bold } .mark { stroke: #b00; stroke-width: 2 }
            .time { fill: #777 }
            @media (prefers-color-scheme: dark) {
            text { fill: #ddd } .frame { stroke: #9bf } .struck { fill: #f66 } .mark { stroke: #f66 } .time { fill: #999 }
            }
            </style>
            <title>What went wrong, frame by frame</title>
            """
        return ([head] + body + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private static func drawn(_ row: SequencePicture.Row, _ y: Int) -> [String] {
        var lines = [#"<text class="time" x="70" y="\#(y)" text-anchor="end">\#(max(0, row.time)) ms</text>"#]
        let name = row.run > 1 ? "successor: " : ""
        switch row.kind {
        case .event:
            let style = row.isStruck ? #" class="struck""# : ""
            if row.isStruck {
                lines.append(#"<path class="mark" d="M\#(left - 6) \#(y - 10)l12 12m0 -12l-12 12"/>"#)
            }
            lines.append(#"<text\#(style) x="\#(left + 12)" y="\#(y)">\#(escaped(name + row.text))</text>"#)
        case .toBroker, .toClient:
            let isOut = row.kind == .toBroker
            let (from, to) = isOut ? (left, right) : (right, left)
            let head = isOut ? -8 : 8
            lines.append(#"<line class="frame" x1="\#(from)" y1="\#(y)" x2="\#(to)" y2="\#(y)"/>"#)
            lines.append(#"<path class="frame" fill="none" d="M\#(to + head) \#(y - 4)L\#(to) \#(y)l\#(head) 4"/>"#)
            let middle = (left + right) / 2
            lines.append(
                #"<text x="\#(middle)" y="\#(y - 4)" text-anchor="middle">\#(escaped(name + row.text))</text>"#)
        }
        return lines
    }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            // No control characters in XML, whatever a body holds.
            case _ where character.unicodeScalars.contains { $0.value < 32 }: "?"
            default: String(character)
            }
        }.joined()
    }
}
