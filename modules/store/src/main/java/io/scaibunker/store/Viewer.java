package io.scaibunker.store;

import io.scaibunker.model.PartnerId;
import io.scaibunker.model.Scope;
import io.scaibunker.model.TenantId;

/**
 * Whose eyes a row is read with. What they do not see is not there.
 *
 * @param reach how far they see: their tenant, their partner's tenants, or everything
 */
public record Viewer(Scope reach, TenantId tenantId, PartnerId partnerId) {
    /** As a tenant itself sees: what decides which images it may use, whoever asks. */
    public static Viewer ofTenant(TenantId tenantId, PartnerId partnerId) {
        return new Viewer(Scope.TENANT, tenantId, partnerId);
    }

    /** Whether a thing that belongs to this tenant is within reach. */
    public boolean reaches(TenantId tenant, PartnerId partner) {
        return switch (reach) {
            case PLATFORM -> true;
            case PARTNER -> partner.equals(partnerId);
            case TENANT -> tenant.equals(tenantId);
        };
    }

    Values values() {
        return Values.of("reach", reach.word()).and("tenant", tenantId.value()).and("partner", partnerId.value());
    }

    /** The condition that {@link #reaches} is, for a table or alias with {@code tenant_id} and {@code partner_id}. */
    static String within(String tenantColumn, String partnerColumn) {
        return """
                (CAST(:reach AS text) = 'platform'
                 OR (CAST(:reach AS text) = 'partner' AND %s = CAST(:partner AS uuid))
                 OR (CAST(:reach AS text) = 'tenant' AND %s = CAST(:tenant AS uuid)))
                """.formatted(partnerColumn, tenantColumn);
    }
}
