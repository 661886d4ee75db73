import Platform

/// The page that shows a running broker in a browser: its files, as they are in `Sources/LivePage`.
///
/// They are read when they are asked for, like everything that ``SourceTree`` finds. As strings in a Swift file they
/// would be in every program that has a broker, and nobody could try a change without a build.
enum LivePage {
    /// The files by their paths, and their types. Whatever else is in the folder is not served.
    static let files = [
        "": ("index.html", "text/html"), "live.css": ("live.css", "text/css"),
        "icon.svg": ("icon.svg", "image/svg+xml"), "live.js": ("live.js", "text/javascript"),
        "model.js": ("model.js", "text/javascript"),
        "layout.js": ("layout.js", "text/javascript"), "scene.js": ("scene.js", "text/javascript"),
        "details.js": ("details.js", "text/javascript"),
    ]
    /// No file is larger.
    private static let mostOctets = 1 << 16

    /// nil: the path is none of the page's.
    static func response(_ path: [String]) -> HTTPResponse? {
        guard path.count < 2, let (name, type) = files[path.first ?? ""] else { return nil }
        guard let text = contents(of: SourceTree.path("Sources/LivePage/\(name)")) else {
            return .failure(404, "Object Not Found", "the page's files are not where this program was built")
        }
        var response = HTTPResponse(200)
        response.plain = (text, "\(type); charset=utf-8")
        response.headers = headers
        return response
    }

    /// Nothing from elsewhere, no script or style but those files: a name that is markup could do nothing if it became
    /// some. And no page of others around it.
    private static let headers = [
        (
            name: "content-security-policy",
            value: "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ), (name: "referrer-policy", value: "no-referrer"),
    ]

    private static func contents(of path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var octets = [UInt8](repeating: 0, count: mostOctets)
        var count = 0
        while count < mostOctets {
            let more = octets.withUnsafeMutableBytes { buffer in
                read(file, buffer.baseAddress.map { $0 + count }, mostOctets - count)
            }
            if more < 0 { return nil }
            if more == 0 { break }
            count += more
        }
        return String(decoding: octets[..<count], as: UTF8.self)
    }
}
