import Foundation

/// The SVG of a picture, measured: the boxes of its nodes, of its labels and of all text, and points along its arrows.
///
/// How wide a text is depends on the reader's fonts. This counts 7.4 units a character: of the monospaced fonts that the pages
/// ask for, DejaVu and Menlo take 7.35 at this size (12.2 units), the others less.
struct MeasuredPicture {
    static let letter = 7.4

    struct Point { var x, y: Double }

    struct Box {
        var name: String
        var left = Double.infinity
        var top = Double.infinity
        var right = -Double.infinity
        var bottom = -Double.infinity

        mutating func take(in point: Point) {
            (left, right) = (min(left, point.x), max(right, point.x))
            (top, bottom) = (min(top, point.y), max(bottom, point.y))
        }

        func has(_ point: Point, within room: Double) -> Bool {
            point.x > left - room && point.x < right + room && point.y > top - room && point.y < bottom + room
        }

        func meets(_ other: Box, within room: Double) -> Bool {
            left < other.right + room && other.left < right + room && top < other.bottom + room
                && other.top < bottom + room
        }

        func contains(_ other: Box) -> Bool {
            left <= other.left && other.right <= right && top <= other.top && other.bottom <= bottom
        }
    }

    struct Node {
        var box: Box
        var texts: [Box] = []
        var shape: String
    }

    struct Arrow {
        var name: String
        var points: [Point]
        var box: Box
        var label: Box?
    }

    private(set) var nodes: [Node] = []
    private(set) var arrows: [Arrow] = []
    private(set) var frame = Box(name: "the picture")

    /// nil for what is no picture, or draws with anything that this doesn't measure.
    init?(_ svg: String) {
        guard let size = svg.firstMatch(of: /viewBox="0 0 ([0-9.]+) ([0-9.]+)"/), let width = Double(size.1),
            let height = Double(size.2), let content = svg.components(separatedBy: "</defs>").last
        else { return nil }
        frame.take(in: Point(x: 0, y: 0))
        frame.take(in: Point(x: width, y: height))
        for tag in content.matches(of: /<(path|rect|text)\b([^>]*)>([^<]*)/) {
            let (attributes, text) = (String(tag.2), String(tag.3))
            switch tag.1 {
            case "path": guard add(path: attributes) else { return nil }
            case "text" where attributes.contains("class=\"key\""):
                guard let box = Self.box(of: text, attributes), !arrows.isEmpty else { return nil }
                arrows[arrows.count - 1].name += " '\(text)'"
                arrows[arrows.count - 1].label = box
            case "text":
                guard let box = Self.box(of: text, attributes), !nodes.isEmpty else { return nil }
                nodes[nodes.count - 1].texts.append(box)
                nodes[nodes.count - 1].box.name += (nodes[nodes.count - 1].texts.count > 1 ? " " : "") + text
            default: continue
            }
        }
    }

    private mutating func add(path: String) -> Bool {
        guard let shape = Self.attribute("class", path), let way = Self.attribute("d", path),
            let points = Self.points(along: way)
        else { return false }
        var box = Box(name: shape == "arrow" ? "arrow \(arrows.count + 1)" : "")
        for point in points { box.take(in: point) }
        if shape == "arrow" {
            arrows.append(Arrow(name: box.name, points: points, box: box))
        } else {
            nodes.append(Node(box: box, shape: shape))
        }
        return true
    }

    private static func attribute(_ name: String, _ text: String) -> String? {
        text.components(separatedBy: " \(name)=\"").dropFirst().first?.components(separatedBy: "\"").first
    }

    /// A line of text stands on its y, and around its x.
    private static func box(of text: String, _ attributes: String) -> Box? {
        guard let x = attribute("x", attributes).flatMap(Double.init),
            let y = attribute("y", attributes).flatMap(Double.init)
        else { return nil }
        let plain = text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&amp;", with: "&")
        let half = Double(plain.count) * letter / 2
        var box = Box(name: "'\(plain)'")
        box.take(in: Point(x: x - half, y: y - 9.5))
        box.take(in: Point(x: x + half, y: y + 3))
        return box
    }

    /// Points at most two units from each other.
    private static func points(along way: String) -> [Point]? {
        var tokens = way.matches(of: /[A-Za-z]|-?[0-9.]+/).map { String($0.output) }[...]
        var points: [Point] = []
        var here = Point(x: 0, y: 0)
        func number() -> Double { tokens.popFirst().flatMap(Double.init) ?? .nan }
        func go(_ length: Double, _ place: (Double) -> Point) {
            let steps = max(1, Int(length / 2) + 1)
            for step in 1...steps { points.append(place(Double(step) / Double(steps))) }
            here = points[points.count - 1]
        }
        func straight(to end: Point) {
            let start = here
            go(distance(start, end)) { Point(x: start.x + (end.x - start.x) * $0, y: start.y + (end.y - start.y) * $0) }
        }
        while let command = tokens.popFirst() {
            switch command {
            case "M":
                here = Point(x: number(), y: number())
                points.append(here)
            case "L": straight(to: Point(x: number(), y: number()))
            case "H": straight(to: Point(x: number(), y: here.y))
            case "V": straight(to: Point(x: here.x, y: number()))
            case "C":
                let (start, first) = (here, Point(x: number(), y: number()))
                let (second, end) = (Point(x: number(), y: number()), Point(x: number(), y: number()))
                go(distance(start, first) + distance(first, second) + distance(second, end)) { t in
                    let (a, b, c, d) = (pow(1 - t, 3), 3 * t * pow(1 - t, 2), 3 * t * t * (1 - t), t * t * t)
                    return Point(
                        x: a * start.x + b * first.x + c * second.x + d * end.x,
                        y: a * start.y + b * first.y + c * second.y + d * end.y)
                }
            case "a":
                let (radius, _, _, _, sweep) = (number(), number(), number(), number(), number())
                let end = Point(x: here.x + number(), y: here.y + number())
                // Half an ellipse stands out by its radius.
                if end.x == here.x {
                    let isRight = (end.y > here.y) == (sweep == 1)
                    points.append(Point(x: here.x + (isRight ? radius : -radius), y: (here.y + end.y) / 2))
                }
                straight(to: end)
            case "z": continue
            default: return nil
            }
        }
        return points.allSatisfy { $0.x.isFinite && $0.y.isFinite } ? points : nil
    }

    static func distance(_ one: Point, _ other: Point) -> Double {
        let (x, y) = (one.x - other.x, one.y - other.y)
        return (x * x + y * y).squareRoot()
    }
}

extension MeasuredPicture {
    /// All that covers something else, or stands out of where it belongs, in words.
    var flaws: [String] { outside + boxes + labels + crossedBoxes + arrowsOnArrows }

    private var outside: [String] {
        var flaws: [String] = []
        for box in nodes.map(\.box) + arrows.map(\.box) + arrows.compactMap(\.label) where !frame.contains(box) {
            flaws.append("\(box.name) stands out of the picture")
        }
        for node in nodes {
            for text in node.texts where !node.box.contains(text) {
                flaws.append("\(text.name) stands out of its \(node.shape)")
            }
        }
        return flaws
    }

    /// Nodes and labels.
    private var boxes: [String] {
        let all = nodes.map(\.box) + arrows.compactMap(\.label)
        return all.indices.flatMap { one in
            all[..<one].filter { $0.meets(all[one], within: 2) }.map { "\($0.name) and \(all[one].name) overlap" }
        }
    }

    /// A label stands on its own arrow, and on no other.
    private var labels: [String] {
        arrows.indices.flatMap { one -> [String] in
            guard let label = arrows[one].label else { return [] }
            return arrows.indices.compactMap { other in
                let isOn =
                    arrows[other].box.meets(label, within: 1)
                    && arrows[other].points.contains { label.has($0, within: 1) }
                if one == other { return isOn ? nil : "\(label.name) is not on its arrow" }
                return isOn ? "\(arrows[other].name) runs through \(label.name)" : nil
            }
        }
    }

    /// An arrow touches a node where it begins and ends: there a border may give way to it by 13.
    private var crossedBoxes: [String] {
        arrows.flatMap { arrow -> [String] in
            guard let start = arrow.points.first, let end = arrow.points.last else { return [] }
            return nodes.compactMap { node in
                guard arrow.box.meets(node.box, within: 0) else { return nil }
                let isIn = arrow.points.contains { point in
                    node.box.has(point, within: -1) && Self.distance(point, start) > 13
                        && Self.distance(point, end) > 13
                }
                return isIn ? "\(arrow.name) runs through \(node.box.name)" : nil
            }
        }
    }

    /// Arrows may cross. They may not run less than 3.5 from each other for more than 24.
    private var arrowsOnArrows: [String] {
        arrows.indices.flatMap { one in
            arrows[..<one].filter { $0.box.meets(arrows[one].box, within: 4) }.compactMap { other -> String? in
                var (run, longest) = (0.0, 0.0)
                var last: Point?
                for point in arrows[one].points {
                    let isNear =
                        other.box.has(point, within: 3.5)
                        && other.points.contains { Self.distance($0, point) < 3.5 }
                    run = isNear ? run + (last.map { Self.distance($0, point) } ?? 0) : 0
                    longest = max(longest, run)
                    last = point
                }
                let length = Int(longest.rounded())
                return longest > 24 ? "\(other.name) and \(arrows[one].name) run on each other for \(length)" : nil
            }
        }
    }
}
