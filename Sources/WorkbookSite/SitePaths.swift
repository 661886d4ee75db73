import Foundation

/// The ways between files of the repository and pages of the site.
extension Site {
    static func output(of path: String) -> String {
        if path == "README.md" { return "index.html" }
        if path.hasSuffix("/README.md") { return path.dropLast("README.md".count) + "index.html" }
        return path.hasSuffix(".md") ? path.dropLast(3) + ".html" : path + ".html"
    }

    static func folder(of path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    static func joined(_ folder: String, _ path: String) -> String {
        var parts = folder.split(separator: "/").map(String.init)
        for part in path.split(separator: "/").map(String.init) {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != "." {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }

    /// The way from one page of the site to another, so that it works from a disk, and under any address.
    static func relative(_ target: String, from page: String) -> String {
        var to = target.split(separator: "/").map(String.init)
        var from = folder(of: page).split(separator: "/").map(String.init)
        while let first = from.first, first == to.first, to.count > 1 {
            from.removeFirst()
            to.removeFirst()
        }
        let way = from.map { _ in ".." } + to
        return way.joined(separator: "/").replacing("+", with: "%2B")
    }
}

/// Where a link on a page of the repository leads: a file of the repository, or elsewhere.
struct PageLink {
    var page: String
    /// `nil`: another site.
    var file: String?
    var anchor: String?

    init(_ target: String, on page: String) {
        self.page = page
        if target.contains("://") || target.hasPrefix("mailto:") { return }
        let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        anchor = parts.count > 1 ? String(parts[1]) : nil
        let path = parts[0].removingPercentEncoding ?? String(parts[0])
        file = path.isEmpty ? page : Site.joined(Site.folder(of: page), path)
    }
}
