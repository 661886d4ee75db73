/// What `workbook check` has to say about one point.
struct Finding: Equatable, Sendable {
    var isGood: Bool
    /// What should be so, in a few words.
    var title: String
    /// What was seen on the wire, and when.
    var seen: String
    /// Why it matters. Empty when all is well.
    var why = ""
    /// Where the chapter says so; nil when all is well.
    var see: Paragraph?
}

/// Something that a program should do, why, and where the workbook explains it.
struct Point: Sendable {
    let title: String
    let why: String
    let see: Paragraph

    init(_ title: String, why: String, see: Paragraph) {
        (self.title, self.why, self.see) = (title, why, see)
    }

    func finding(_ isGood: Bool, _ seen: String) -> Finding {
        Finding(isGood: isGood, title: title, seen: seen, why: isGood ? "" : why, see: isGood ? nil : see)
    }
}

/// A paragraph of a chapter, under `Tutorials`. A test looks whether each of them is there.
enum Paragraph: String, CaseIterable, Sendable {
    case helloRead = "01-hello/README.md#read-it"
    case helloBreak = "01-hello/README.md#break-it"
    case workerRun = "02-worker/README.md#run-it"
    case workerPredict = "02-worker/README.md#predict"
    case workerRead = "02-worker/README.md#read-it"
    case workerBreak = "02-worker/README.md#break-it"
    case pubsubPicture = "03-pubsub/README.md#the-picture"
    case pubsubPredict = "03-pubsub/README.md#predict"
    case pubsubRead = "03-pubsub/README.md#read-it"
    case pubsubBreak = "03-pubsub/README.md#break-it"
    case routingPicture = "04-routing/README.md#the-picture"
    case routingPredict = "04-routing/README.md#predict"
    case routingRead = "04-routing/README.md#read-it"
    case routingBreak = "04-routing/README.md#break-it"
    case topicRead = "05-topic/README.md#read-it"
    case topicBreak = "05-topic/README.md#break-it"
    case rpcPredict = "06-rpc/README.md#predict"
    case rpcRead = "06-rpc/README.md#read-it"
    case rpcBreak = "06-rpc/README.md#break-it"

    case confirmsRead = "07-confirms/README.md#read-it"
    case confirmsBreak = "07-confirms/README.md#break-it"
    case headersPicture = "08-headers/README.md#the-picture"
    case headersRead = "08-headers/README.md#read-it"
    case retryRead = "09-retry/README.md#read-it"
    case retryBreak = "09-retry/README.md#break-it"

    var path: String { "Tutorials/\(rawValue)" }
}
