import Foundation

/// Which page of the workbook teaches what a case is about. The pages say so themselves: the line `cases` at their head has
/// the areas, the first words of the cases' ids.
enum Teaching {
    /// The pages' paths by area.
    private static let pages: [String: String] = {
        let folder = Files.package.appending(path: "Tutorials")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        var pages: [String: String] = [:]
        for path in names.sorted().map({ "Tutorials/\($0)/README.md" }) {
            let text = (try? String(contentsOf: Files.package.appending(path: path), encoding: .utf8)) ?? ""
            for area in text.firstMatch(of: /\ncases: ([^\n]*)\n/)?.1.split(separator: ", ") ?? [] {
                pages[String(area)] = path
            }
        }
        return pages
    }()

    /// The path of the page; nil for an area that no page names.
    static func page(for id: String) -> String? {
        pages[id.split(separator: ".").first.map(String.init) ?? id]
    }

    /// The same for a report, which names the folder of all when no page does.
    static func place(for id: String) -> String { page(for: id) ?? "Tutorials" }
}
