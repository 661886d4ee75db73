/// Why a step ends with exit status 1: one sentence on what happened, one on what to do. It is printed as it is.
public struct StepError: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
