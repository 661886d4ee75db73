import Foundation

/// Which page of the workbook teaches what a case is about. The pages say so themselves: the line `cases` at their head has
/// the areas, the first words of the cases' ids.
struct Teaching: Sendable {
    /// The paths of the pages that claim an area: one, if all is well.
    let pages: [String: [String]]

    /// The pages of this checkout.
    static let current: Teaching = {
        let folder = Files.package.appending(path: "Tutorials")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return Teaching(
            names.map { "Tutorials/\($0)/README.md" }.map { path in
                (path, (try? String(contentsOf: Files.package.appending(path: path), encoding: .utf8)) ?? "")
            })
    }()

    init(_ texts: [(path: String, text: String)]) {
        var pages: [String: [String]] = [:]
        for (path, text) in texts.sorted(by: { $0.path < $1.path }) {
            for area in text.firstMatch(of: /\ncases: ([^\n]*)\n/)?.1.split(separator: ", ") ?? [] {
                pages[String(area), default: []].append(path)
            }
        }
        self.pages = pages
    }

    /// The path of the page; nil for an area that no page names.
    func page(for id: String) -> String? { pages[Self.area(of: id)]?.first }

    /// The same for a report, which names the folder of all when no page does.
    func place(for id: String) -> String { page(for: id) ?? "Tutorials" }

    /// What is out of order between the pages and these cases, a line each: a reader is sent to one page, and to be taught.
    func complaints(about ids: [String]) -> [String] {
        let areas = Set(ids.map(Self.area))
        let homeless = areas.filter { pages[$0] == nil }.map {
            "no page of Tutorials has \($0) in the line 'cases' at its head"
        }
        let claims = pages.flatMap { area, paths in
            (areas.contains(area) ? [] : ["\(paths[0]): no case's id begins with \(area)"])
                + (paths.count == 1 ? [] : ["\(area) is claimed by \(paths.joined(separator: " and "))"])
        }
        return (homeless + claims).sorted()
    }

    private static func area(of id: String) -> String { id.split(separator: ".").first.map(String.init) ?? id }
}
