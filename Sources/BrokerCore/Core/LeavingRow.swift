import AMQPWire

/// Auto-delete exchanges that go with their last binding, those that lose theirs by that, and so on: a client may have made a
/// hundred thousand of them, each of which leads to the one before.
///
/// They go in slices. Those that go first are not there any more at once; then the log hears of all of them, the last first, and
/// at the end of what they led to. Wherever a crash cuts the log off, none is left without the binding that held it.
final class LeavingRow {
    /// How many bindings lead to what is removed, of each auto-delete exchange.
    typealias Sources = [(exchange: Exchange<any Queue>, count: Int)]

    /// What they go with.
    enum Cause { case queue, exchange, binding }

    let cause: Cause
    /// Just one binding is removed with what they go with; for a quirk.
    let isAlone: Bool
    /// Those that are to be looked at.
    var left: Sources
    /// Those that are gone; the first of them may be the one that was deleted.
    var gone: [Exchange<any Queue>]
    /// So many of them are not in the log yet.
    var unwritten: Int?
    private var end: ((_ gone: [Exchange<any Queue>]) -> Void)?
    /// Who takes apart what leads to this one is somebody else.
    private let isDeletedItself: Bool

    /// `end` is done when the log has heard of all of them.
    init(
        _ cause: Cause, of exchange: Exchange<any Queue>? = nil, _ sources: Sources, isAlone: Bool,
        end: @escaping (_ gone: [Exchange<any Queue>]) -> Void = { _ in }
    ) {
        self.cause = cause
        self.isAlone = isAlone
        self.end = end
        left = sources
        gone = exchange.map { [$0] } ?? []
        isDeletedItself = exchange != nil
    }

    var isOver: Bool { end == nil }

    func finish() {
        let end = end
        self.end = nil
        end?(gone)
    }

    /// Some of the bindings that lead to one of those that are gone, which is let go with the last of them: a hundred thousand
    /// let go at once would take long. Nil: there are no more. To be called when the row is over.
    func nextIncoming() -> [Binding<any Queue>]? {
        guard gone.count > (isDeletedItself ? 1 : 0), let exchange = gone.last else { return nil }
        guard exchange.isRemoved, let incoming = exchange.popIncoming() else {
            gone.removeLast()
            return []
        }
        return cause == .queue && quirk(.autoDeletedStaysADestination) ? [] : incoming
    }
}
