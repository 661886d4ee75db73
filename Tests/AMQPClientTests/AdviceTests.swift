import AMQPWire
import Testing

@testable import AMQPClient

/// After an error stands what to do about *this* error, not about all that have its code.
@Suite struct AdviceTests {
    private func advice(_ code: ReplyCode, _ method: MethodID?, _ text: String) -> String {
        AMQPError(.closedByBroker, scope: .channel, code: code, text: text, method: method).nextStep
    }

    @Test func causesOf406AreToldApart() {
        let inequivalent = "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': ..."
        let cases: [(MethodID?, String, String)] = [
            (QueueDeclare.id, inequivalent, "Declare it as the existing one"),
            (ExchangeDeclare.id, inequivalent, "Declare it as the existing one"),
            (QueueDeclare.id, "PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q'", "Correct the argument"),
            (QueueDelete.id, "PRECONDITION_FAILED - queue 'q' in vhost '/' in use", "Delete it once it is empty"),
            (BasicAck.id, "PRECONDITION_FAILED - unknown delivery tag 1", "Acknowledge each delivery once"),
            (BasicNack.id, "PRECONDITION_FAILED - unknown delivery tag 1", "Acknowledge each delivery once"),
            (BasicPublish.id, "PRECONDITION_FAILED - invalid expiration", "Put right what it says about the message"),
            (BasicConsume.id, "PRECONDITION_FAILED - invalid arg 'x-priority'", "Correct the argument"),
            (
                ConfirmSelect.id, "PRECONDITION_FAILED - cannot switch from tx to confirm mode",
                "A channel has confirms or"
            ),
            (
                nil, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out",
                "Acknowledge each delivery in"
            ),
        ]
        for (method, text, beginning) in cases {
            let advice = advice(.preconditionFailed, method, text)
            #expect(advice.hasPrefix(beginning), "\(method.map { "\($0)" } ?? "no method"): \(advice)")
        }
    }

    @Test func othersWithSeveralCausesAreToo() {
        #expect(advice(.notFound, BasicPublish.id, "no exchange 'q' in vhost '/'").contains("leave the exchange out"))
        #expect(advice(.notFound, BasicConsume.id, "no queue 'q' in vhost '/'").hasPrefix("Declare it first"))
        #expect(
            advice(.accessRefused, BasicConsume.id, "queue 'q' in vhost '/' in exclusive use").hasPrefix("One consumer")
        )
        #expect(advice(.accessRefused, QueueDeclare.id, "access to queue 'q' refused").contains("permissions"))
        #expect(advice(.notAllowed, BasicConsume.id, "attempt to reuse consumer tag 'c'").contains("consumer tag"))
        #expect(advice(.notAllowed, ConnectionOpen.id, "vhost x not found").contains("virtual host"))
    }

    @Test func featuresThatAReleaseRefuses() {
        func refused(_ feature: String) -> String {
            // As RabbitMQ 4.3.6 says it, cut off.
            let text = "INTERNAL_ERROR - Feature `\(feature)` is deprecated.\nIts use is not permitted per the..."
            return advice(.internalError, QueueDeclare.id, text)
        }
        let queues = refused("transient_nonexcl_queues")
        #expect(queues.hasPrefix("Declare it durable or exclusive"))
        #expect(queues.contains("deprecated_features.permit.transient_nonexcl_queues = true"))
        #expect(refused("global_qos").hasPrefix("Do without it"))
        #expect(advice(.internalError, nil, "INTERNAL_ERROR").contains("broker's log"))
    }
}
