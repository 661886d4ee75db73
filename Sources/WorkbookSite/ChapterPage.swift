/// A chapter of the workbook, as far as the way through the site goes.
public struct ChapterPage: Sendable {
    let number: Int
    let step: String
    /// From the top of the repository: `Tutorials/01-hello/README.md`.
    let path: String

    public init(number: Int, step: String, path: String) {
        (self.number, self.step, self.path) = (number, step, path)
    }
}
