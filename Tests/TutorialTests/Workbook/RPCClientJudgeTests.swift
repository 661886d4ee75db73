import AMQPWire
import Interceptor
import TestSupport
import Testing

@testable import workbook

/// What the check says of a client's reading, from hand-made logs.
@Suite(.watched) struct RPCClientJudgeTests {
    private static let title = "ignores answers to other questions"

    private func titles(handed: [String], printed: [String]) -> [String: Bool] {
        let ask = Observation.What.method(
            .basicPublish(BasicPublish(routingKey: "rpc_queue")), Content(properties: .init()))
        var seen = [1, 2].map { connection in
            Observation(time: 0, connection: connection, channel: 1, direction: .toBroker, what: ask)
        }
        for body in handed {
            let deliver = Observation.What.method(
                .basicDeliver(BasicDeliver(consumerTag: "t", deliveryTag: 1, exchange: "", routingKey: "mine")),
                Content(properties: .init(), body: Array(body.utf8)))
            seen.append(Observation(time: 1, connection: 2, channel: 1, direction: .toClient, what: deliver))
        }
        let judge = RPCClientJudge(log: WireLog(seen), printed: printed, isOver: true)
        return Dictionary(uniqueKeysWithValues: judge.findings.map { ($0.title, $0.isGood) })
    }

    @Test func aClientIsJudgedByWhatItMadeOfBothAnswers() {
        let both = [RPCClientJudge.foreign, RPCClientJudge.answer]
        #expect(titles(handed: both, printed: ["Got \(RPCClientJudge.answer)"])[Self.title] == true)
        #expect(titles(handed: both, printed: ["Got \(RPCClientJudge.foreign)"])[Self.title] == false)
        // It took the first one and left.
        #expect(titles(handed: [both[0]], printed: ["Got \(RPCClientJudge.foreign)"])[Self.title] == false)
    }

    @Test func nothingIsSaidOfAClientThatGaveUpBeforeAnAnswerCame() {
        #expect(titles(handed: [], printed: ["No answer."])[Self.title] == nil)
    }
}
